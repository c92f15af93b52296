import Core

extension AnthropicWire {
    /// Reads a complete answer: text blocks are joined, thinking blocks are left out.
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
        answer.model = root["model"]?.string
        answer.usage = usage(root["usage"])
        answer.finishReason = root["stop_reason"]?.string.map(finishReason)
        for block in content.elements {
            if let text = block["text"]?.string, block["type"]?.isString("text") == true {
                answer.text += text
            } else if block["type"]?.isString("tool_use") == true {
                answer.toolCalls.append(
                    ToolCall(
                        id: block["id"]?.string ?? "", name: block["name"]?.string ?? "",
                        arguments: block["input"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "{}"))
            }
        }
        return answer
    }
}
