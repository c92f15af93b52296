package import Domain
import JSON

/// Writes answers in OpenAI's format, for those that came in another dialect or another form.
///
/// What OpenAI's format has no place for is written under the names that others have given it: `thinking_blocks` of a
/// message (LiteLLM), `stop_reason` of a choice for the stop sequence met (vLLM), `native_finish_reason` (OpenRouter);
/// `cache_write_1h_tokens`, of those that a usage counts as `cache_write_tokens`, is hera's own.
package struct OpenAIWriter: Sendable {
    private let id: String
    private let model: String
    /// Seconds since 1970.
    private let created: Int64

    package init(id: String, model: String, created: Timestamp = .now()) {
        self.id = id
        self.model = model
        self.created = created.milliseconds / 1000
    }

    /// A complete answer's body.
    package func body(_ answer: ChatAnswer) -> [UInt8] {
        var writer = JSONWriter(capacity: answer.text.utf8.count + 512)
        writer.object { body in
            writeHead("chat.completion", to: &body)
            body.member(
                "choices",
                array: { choices in
                    choices.object { choice in
                        choice.member("index", 0)
                        choice.member("message", object: { writeMessage(answer, to: &$0) })
                        choice.member("finish_reason", answer.finishReason?.openAIName)
                        Self.writeNativeEnd(answer, to: &choice)
                    }
                })
            if let usage = answer.usage { body.member("usage", object: { Self.write(usage, to: &$0) }) }
        }
        return writer.bytes
    }

    /// A complete answer as the events of a stream, `[DONE]` included.
    package func events(_ answer: ChatAnswer) -> [ChatEvent] {
        var events = [role()]
        for (index, thought) in answer.thinking.enumerated() { events.append(thinking(thought, index: index)) }
        if !answer.text.isEmpty { events.append(text(answer.text)) }
        for (index, call) in answer.toolCalls.enumerated() {
            events.append(toolCall(index: index, id: call.id, name: call.name, arguments: call.arguments))
        }
        events.append(end(of: answer))
        if let usage = answer.usage { events.append(self.usage(usage)) }
        return events + [.done]
    }

    /// The chunk that begins a stream.
    package func role() -> ChatEvent {
        chunk(text: "") {
            $0.member("role", "assistant")
            $0.member("content", "")
        }
    }

    package func text(_ text: String) -> ChatEvent {
        chunk(text: text) { $0.member("content", text) }
    }

    /// The first piece of a tool call.
    package func toolCall(index: Int, id: String, name: String, arguments: String) -> ChatEvent {
        toolCallPiece(index: index, arguments: arguments) {
            $0.member("id", id)
            $0.member("type", "function")
        } function: {
            $0.member("name", name)
        }
    }

    /// A later piece of a tool call.
    package func toolCall(index: Int, arguments: String) -> ChatEvent {
        toolCallPiece(index: index, arguments: arguments) { _ in
        } function: { _ in
        }
    }

    /// A block of thinking, or the next piece of one.
    package func thinking(_ piece: ThinkingBlock, index: Int) -> ChatEvent {
        chunk(text: "") { delta in
            delta.member("thinking_blocks", array: { Self.write(piece, index: index, to: &$0) })
        }
    }

    package func finish(_ reason: FinishReason) -> ChatEvent {
        chunk(text: "", finishReason: reason) { _ in }
    }

    /// The chunk that says why an answer ended, with all that its server said of it.
    package func end(of answer: ChatAnswer) -> ChatEvent {
        chunk(text: "", finishReason: answer.finishReason ?? .stop) { _ in
        } choice: {
            Self.writeNativeEnd(answer, to: &$0)
        }
    }

    /// The chunk without choices that ends a stream whose caller asked for its usage.
    package func usage(_ usage: Usage) -> ChatEvent {
        var writer = JSONWriter()
        writer.object { body in
            writeHead("chat.completion.chunk", to: &body)
            body.member("choices", array: { _ in })
            body.member("usage", object: { Self.write(usage, to: &$0) })
        }
        return ChatEvent(kind: .usage, data: writer.bytes)
    }

    private func toolCallPiece(
        index: Int, arguments: String, call: (inout JSONWriter) -> Void, function: (inout JSONWriter) -> Void
    ) -> ChatEvent {
        chunk(text: "") { delta in
            delta.member(
                "tool_calls",
                array: { calls in
                    calls.object { piece in
                        piece.member("index", index)
                        call(&piece)
                        piece.member(
                            "function",
                            object: {
                                function(&$0)
                                $0.member("arguments", arguments)
                            })
                    }
                })
        }
    }

    private func chunk(
        text: String, finishReason: FinishReason? = nil, delta: (inout JSONWriter) -> Void,
        choice more: (inout JSONWriter) -> Void = { _ in }
    ) -> ChatEvent {
        var writer = JSONWriter(capacity: 256)
        writer.object { body in
            writeHead("chat.completion.chunk", to: &body)
            body.member(
                "choices",
                array: { choices in
                    choices.object { choice in
                        choice.member("index", 0)
                        choice.member("delta", object: { delta(&$0) })
                        choice.member("finish_reason", finishReason?.openAIName)
                        more(&choice)
                    }
                })
        }
        return ChatEvent(kind: .delta(text: text), data: writer.bytes)
    }

    private func writeHead(_ object: String, to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("object", object)
        writer.member("created", created)
        writer.member("model", model)
    }

    private func writeMessage(_ answer: ChatAnswer, to writer: inout JSONWriter) {
        writer.member("role", "assistant")
        writer.member("content", answer.text.isEmpty && !answer.toolCalls.isEmpty ? nil : answer.text)
        if let refusal = answer.refusal { writer.member("refusal", refusal) }
        if !answer.thinking.isEmpty {
            writer.member(
                "thinking_blocks", array: { list in answer.thinking.forEach { Self.write($0, index: nil, to: &list) } })
        }
        guard !answer.toolCalls.isEmpty else { return }
        writer.member(
            "tool_calls",
            array: { calls in
                for call in answer.toolCalls {
                    calls.object { item in
                        item.member("id", call.id)
                        item.member("type", "function")
                        item.member(
                            "function",
                            object: {
                                $0.member("name", call.name)
                                $0.member("arguments", call.arguments)
                            })
                    }
                }
            })
    }

    private static func write(_ usage: Usage, to writer: inout JSONWriter) {
        writer.member("prompt_tokens", usage.promptTokens)
        writer.member("completion_tokens", usage.completionTokens)
        writer.member("total_tokens", usage.promptTokens + usage.completionTokens)
        writer.member(
            "prompt_tokens_details",
            object: { details in
                details.member("cached_tokens", usage.cachedRead)
                let written = usage.cacheWrite5m + usage.cacheWrite1h
                if written > 0 { details.member("cache_write_tokens", written) }
                if usage.cacheWrite1h > 0 { details.member("cache_write_1h_tokens", usage.cacheWrite1h) }
            })
        writer.member("completion_tokens_details", object: { $0.member("reasoning_tokens", usage.reasoning) })
    }
    private static func writeNativeEnd(_ answer: ChatAnswer, to choice: inout JSONWriter) {
        if let sequence = answer.stopSequence { choice.member("stop_reason", sequence) }
        if let name = answer.nativeFinishReason { choice.member("native_finish_reason", name) }
    }

    private static func write(_ thought: ThinkingBlock, index: Int?, to list: inout JSONWriter) {
        list.object { block in
            if let index { block.member("index", index) }
            if let data = thought.redacted {
                block.member("type", "redacted_thinking")
                block.member("data", data)
            } else {
                block.member("type", "thinking")
                block.member("thinking", thought.text)
                if index == nil || !thought.signature.isEmpty { block.member("signature", thought.signature) }
            }
        }
    }
}
