import Domain
import JSON

extension AnthropicWire {
    /// Reads a `usage` object into classes that do not overlap; nil where there is none. Anthropic's `input_tokens` are
    /// without what was read from or written to the cache. Cache writes not told apart by their life are of 5 minutes,
    /// the default.
    ///
    /// - Parameter earlier: what was known before: the events of a stream give the input first and the output last.
    static func usage(_ value: JSONValue?, after earlier: Usage? = nil) -> Usage? {
        guard let value, value.kind == .object else { return earlier }
        guard value["input_tokens"] != nil || value["output_tokens"] != nil else { return earlier }
        var usage = earlier ?? Usage()
        if let input = value["input_tokens"], !input.isNull { usage.input = OpenAIWire.count(input) }
        if let read = value["cache_read_input_tokens"], !read.isNull { usage.cachedRead = OpenAIWire.count(read) }
        if let output = value["output_tokens"], !output.isNull { usage.output = OpenAIWire.count(output) }
        if let byLife = value["cache_creation"], byLife.kind == .object {
            usage.cacheWrite5m = OpenAIWire.count(byLife["ephemeral_5m_input_tokens"])
            usage.cacheWrite1h = OpenAIWire.count(byLife["ephemeral_1h_input_tokens"])
        } else if let written = value["cache_creation_input_tokens"], !written.isNull {
            // An hour's writes that are known already are part of this sum.
            usage.cacheWrite5m = max(0, OpenAIWire.count(written) - usage.cacheWrite1h)
        }
        return usage
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
}
