import Domain
import JSON

extension ResponsesWriter {
    /// All input and output tokens, with what a cache gave and what was reasoning.
    static func write(_ usage: Usage, to object: inout JSONWriter) {
        object.member("input_tokens", usage.promptTokens)
        object.member(
            "input_tokens_details",
            object: {
                $0.member("cached_tokens", usage.cachedRead)
                $0.member("cache_write_tokens", usage.cacheWrite5m + usage.cacheWrite1h)
            })
        object.member("output_tokens", usage.completionTokens)
        object.member("output_tokens_details", object: { $0.member("reasoning_tokens", usage.reasoning) })
        object.member("total_tokens", usage.promptTokens + usage.completionTokens)
    }
}
