import Domain
import JSON
import Upstream

extension AnthropicWire {
    /// Reads a complete answer: text blocks are joined, thinking blocks set apart.
    static func readAnswer(_ body: [UInt8], host: String) throws(UpstreamError) -> ChatAnswer {
        let root: JSONValue
        do {
            root = try JSONMender.whole(body).root
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
        answer.reported = reportedUsage(root["usage"])
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

    /// Anthropic's `stop_reason`.
    static func finishReason(_ name: String) -> FinishReason {
        switch name {
        case "end_turn", "stop_sequence", "pause_turn": .stop
        case "max_tokens", "model_context_window_exceeded": .length
        case "tool_use": .toolCalls
        case "refusal": .contentFilter
        default: .other(name)
        }
    }

    /// Anthropic's `stop_reason` for a reason; nil for one that it has no name for.
    static func stopReason(_ reason: FinishReason) -> String? {
        switch reason {
        case .stop: "end_turn"
        case .length: "max_tokens"
        case .toolCalls: "tool_use"
        case .contentFilter: "refusal"
        case .other: nil
        }
    }

    /// Why the answer ended, from the object that has `stop_reason` and `stop_sequence`.
    static func end(_ answer: inout ChatAnswer, _ object: JSONValue) {
        guard let name = object["stop_reason"]?.string, name.contains(where: { !$0.isWhitespace }) else { return }
        let reason = finishReason(name)
        answer.finishReason = reason
        answer.stopSequence = object["stop_sequence"]?.string
        answer.nativeFinishReason = stopReason(reason) == name ? nil : name
    }
}

/// Writes whole answers in Anthropic's format.
///
/// Thinking comes first, then the text, then the calls of tools: where a server mixed them, their order is lost.
package struct AnthropicWriter: Sendable {
    let id: String
    let model: String

    /// - Parameters:
    ///   - id: the name of the answer where its server's own is none of Anthropic's.
    ///   - model: the model's name where its server gave none.
    package init(_ answer: ChatAnswer, id: String, model: String) {
        let own = answer.id ?? ""
        self.id = own.hasPrefix("msg_") ? own : id
        self.model = answer.model ?? model
    }

    /// A complete answer's body: a message.
    ///
    /// - Parameter promptTokens: an estimate, for a server that does not count.
    package func body(_ answer: ChatAnswer, promptTokens: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: answer.text.utf8.count + 512)
        writer.object { message in
            writeHead(to: &message) { content in
                for thought in answer.thinking { content.object { Self.write(thought, host: answer.origin, to: &$0) } }
                let kept = keptMembers(of: answer)
                if !kept.isEmpty { content.object { Self.write(ThinkingBlock(redacted: kept.seal), to: &$0) } }
                let text = answer.text + (answer.refusal ?? "")
                if !text.isEmpty { content.object { Self.write(text: text, to: &$0) } }
                for (number, call) in answer.toolCalls.enumerated() {
                    content.object { write(call, number: number, input: Self.input(call), to: &$0) }
                }
            }
            Self.writeEnd(of: answer, to: &message)
            message.member("usage", object: { Self.write(answer.usage(orOf: promptTokens), to: &$0) })
        }
        return writer.bytes
    }

    /// What begins a message, whole or streamed.
    func writeHead(to message: inout JSONWriter, content: (inout JSONWriter) -> Void) {
        message.member("id", id)
        message.member("type", "message")
        message.member("role", "assistant")
        message.member("model", model)
        message.member("content", array: content)
    }

    static func writeEnd(of answer: ChatAnswer, to object: inout JSONWriter) {
        let reason = stopReason(of: answer)
        object.member("stop_reason", reason)
        object.member("stop_sequence", reason == "stop_sequence" ? answer.stopSequence : nil)
    }

    private static let stopReasons: Set = [
        "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded",
    ]

    private static func stopReason(of answer: ChatAnswer) -> String {
        if let native = answer.nativeFinishReason, stopReasons.contains(native) { return native }
        if answer.refusal != nil { return "refusal" }
        switch answer.finishReason ?? .stop {
        // Some servers call it a plain stop when the model has called a tool.
        case .stop, .other:
            return !answer.toolCalls.isEmpty ? "tool_use" : answer.stopSequence == nil ? "end_turn" : "stop_sequence"
        case .length: return "max_tokens"
        case .toolCalls: return "tool_use"
        case .contentFilter: return "refusal"
        }
    }

    // MARK: Blocks

    /// What the provider may want back of the message and its calls.
    private func keptMembers(of answer: ChatAnswer) -> KeptMembers {
        let calls = answer.toolCalls.enumerated().map { (identifier(of: $0.element, number: $0.offset), $0.element) }
        return KeptMembers(host: answer.origin, message: answer.extra, calls: calls)
    }

    static func write(text: String, to block: inout JSONWriter) {
        block.member("type", "text")
        block.member("text", text)
    }

    static func write(_ thought: ThinkingBlock, host: String? = nil, to block: inout JSONWriter) {
        if let data = thought.redacted {
            block.member("type", "redacted_thinking")
            block.member("data", data)
        } else {
            block.member("type", "thinking")
            block.member("thinking", thought.text)
            block.member("signature", thought.seal(host: host))
        }
    }
}
