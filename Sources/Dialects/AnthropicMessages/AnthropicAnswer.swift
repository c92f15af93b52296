import Domain
import JSON
import Upstream

extension AnthropicWire {
    /// Reads a complete answer: text blocks are joined, thinking blocks set apart.
    static func readAnswer(_ body: [UInt8], host: String) throws(UpstreamError) -> ChatAnswer {
        let root: JSONValue
        do {
            root = try JSONDocument(body).root
        } catch {
            throw .malformed(host: host, reason: "\(error)")
        }
        if root["type"]?.isString("error") == true { throw .status(FailureReader.read(root, status: 502)) }
        guard let content = root["content"], content.kind == .array else {
            throw .malformed(host: host, reason: "the answer has no content")
        }
        var answer = ChatAnswer()
        answer.id = root["id"]?.string
        answer.model = OpenAIWire.model(root)
        answer.usage = usage(root["usage"])
        end(&answer, root)
        for block in content.elements {
            if let text = block["text"]?.string, block["type"]?.isString("text") == true {
                answer.text += text
            } else if block["type"]?.isString("tool_use") == true {
                answer.toolCalls.append(
                    ToolCall(
                        id: block["id"]?.string ?? "", name: block["name"]?.string ?? "",
                        arguments: block["input"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"))
            } else if let thought = thinking(block) {
                answer.thinking.append(thought)
            }
        }
        return answer
    }
    /// A block of thinking; nil where it is none.
    static func thinking(_ block: JSONValue) -> ThinkingBlock? {
        switch block["type"]?.string {
        case "thinking":
            ThinkingBlock(text: block["thinking"]?.string ?? "", signature: block["signature"]?.string ?? "")
        case "redacted_thinking": ThinkingBlock(redacted: block["data"]?.string ?? "")
        default: nil
        }
    }

    /// Why the answer ended, from the object that has `stop_reason` and `stop_sequence`.
    static func end(_ answer: inout ChatAnswer, _ object: JSONValue) {
        guard let name = object["stop_reason"]?.string else { return }
        let reason = finishReason(name)
        answer.finishReason = reason
        answer.stopSequence = object["stop_sequence"]?.string
        answer.nativeFinishReason = stopReason(reason) == name ? nil : name
    }
}
