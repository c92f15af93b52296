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
}

extension AnthropicWriter {
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
