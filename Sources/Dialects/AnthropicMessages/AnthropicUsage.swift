import Domain
import JSON

extension AnthropicWire {
    /// Reads a `usage` object; nil where nothing in it can be believed.
    ///
    /// Anthropic's `input_tokens` are without what was read from or written to the cache. Cache writes not told apart by
    /// their life are of 5 minutes, the default. `output_tokens` include thinking.
    ///
    /// - Parameter earlier: what was known before. The events of a stream give the input first and the output last.
    static func reportedUsage(_ value: JSONValue?, after earlier: ReportedUsage? = nil) -> ReportedUsage? {
        guard let value, value.kind == .object else { return earlier }
        let known = earlier?.usage ?? Usage()
        let input = TokenCounts.count(value["input_tokens"])
        let output = TokenCounts.count(value["output_tokens"])
        guard input != nil || output != nil else { return earlier }
        let read = TokenCounts.count(value["cache_read_input_tokens"]) ?? known.cachedRead
        let byLife = value["cache_creation"]
        let longWrite = TokenCounts.count(byLife?["ephemeral_1h_input_tokens"]) ?? known.cacheWrite1h
        let shortWrite =
            TokenCounts.count(byLife?["ephemeral_5m_input_tokens"])
            ?? (TokenCounts.count(value["cache_creation_input_tokens"]) == nil ? known.cacheWrite5m : 0)
        let write = max(TokenCounts.count(value["cache_creation_input_tokens"]) ?? 0, shortWrite + longWrite)
        var counts = TokenCounts()
        counts.cachedRead = read
        counts.cacheWrite = write
        counts.cacheWrite1h = longWrite
        counts.prompt = (input ?? known.input) + read + write
        counts.answer = output
        counts.reasoning =
            TokenCounts.count(value["thinking_tokens"])
            ?? TokenCounts.count(value["output_tokens_details"], ["thinking_tokens", "reasoning_tokens"]) ?? 0
        guard var later = counts.reported() else { return earlier }
        if input == nil { later.countsPrompt = false }
        return earlier?.updated(with: later) ?? later
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
    /// The tokens used. What the server did not count is estimated.
    func usage(orOf promptTokens: Int) -> Usage {
        let reported = reported ?? .none
        let estimate = Usage(input: promptTokens, output: reported.countsAnswer ? 0 : writtenTokens)
        return reported.filled(by: estimate, most: .max).usage
    }
}
