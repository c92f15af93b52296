import Domain
import JSON

/// Writes answers in Anthropic's format, for callers who speak it.
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
                for thought in answer.thinking { content.object { Self.write(thought, to: &$0) } }
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

    /// An error object.
    package static func error(message: String, type: String) -> [UInt8] {
        var writer = JSONWriter(capacity: message.utf8.count + 64)
        writer.object { body in
            body.member("type", "error")
            body.member(
                "error",
                object: { error in
                    error.member("type", type)
                    error.member("message", message)
                })
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

    /// Classes that do not overlap, as Anthropic counts: `input_tokens` are without what a cache was read or written for.
    static func write(_ usage: Usage, to object: inout JSONWriter) {
        object.member("input_tokens", usage.input + usage.audioInput)
        object.member("cache_creation_input_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
        object.member("cache_read_input_tokens", usage.cachedRead)
        if usage.cacheWrite5m + usage.cacheWrite1h > 0 {
            object.member(
                "cache_creation",
                object: {
                    $0.member("ephemeral_5m_input_tokens", usage.cacheWrite5m)
                    $0.member("ephemeral_1h_input_tokens", usage.cacheWrite1h)
                })
        }
        object.member("output_tokens", usage.completionTokens)
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

    static func write(text: String, to block: inout JSONWriter) {
        block.member("type", "text")
        block.member("text", text)
    }

    static func write(_ thought: ThinkingBlock, to block: inout JSONWriter) {
        if let data = thought.redacted {
            block.member("type", "redacted_thinking")
            block.member("data", data)
        } else {
            block.member("type", "thinking")
            block.member("thinking", thought.text)
            block.member("signature", thought.signature)
        }
    }

    /// - Parameter number: of the call in its answer; names calls whose server gave them no id.
    func write(_ call: ToolCall, number: Int, input: [UInt8], to block: inout JSONWriter) {
        block.member("type", "tool_use")
        block.member("id", Self.identifier(call.id.isEmpty ? "toolu_\(id)_\(number)" : call.id))
        block.member("name", call.name)
        block.member("input", raw: input)
    }

    /// Anthropic's ids have letters, digits, `_` and `-`; some servers' have others.
    static func identifier(_ id: String) -> String {
        let allowed = id.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
        }
        return String(allowed)
    }

    /// The arguments where they are an object. What a model wrote that is none is kept under the name that Anthropic's
    /// documentation gives it, so that it fails the tool's schema instead of passing for a call without arguments.
    private static func input(_ call: ToolCall) -> [UInt8] {
        guard !call.arguments.isEmpty else { return Array("{}".utf8) }
        let bytes = Array(call.arguments.utf8)
        if let document = try? JSONDocument(bytes), document.root.kind == .object { return bytes }
        var writer = JSONWriter(capacity: bytes.count + 32)
        writer.object { $0.member("INVALID_JSON", call.arguments) }
        return writer.bytes
    }
}

extension ChatAnswer {
    /// The tokens used; from a server that says nothing of them, the estimate of the prompt and four bytes for each token
    /// that it wrote.
    func usage(orOf promptTokens: Int) -> Usage {
        if let usage { return usage }
        let bytes = text.utf8.count + toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }
        return Usage(input: promptTokens, output: (bytes + 3) / 4)
    }
}
