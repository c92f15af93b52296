import Domain
package import JSON

extension OpenAIWire {
    /// Reads a `usage` object; nil where nothing in it can be believed.
    ///
    /// OpenAI's `prompt_tokens` include audio tokens and those read from or written to a cache. Its `completion_tokens`
    /// include reasoning and audio tokens. Other servers count some of these apart, and their `total_tokens` says so.
    ///
    /// - Parameter isEmbedding: whether the call has no answer to count.
    package static func reportedUsage(_ value: JSONValue?, isEmbedding: Bool = false) -> ReportedUsage? {
        guard let value = value?.indexed, value.kind == .object else { return nil }
        let promptDetails = value["prompt_tokens_details"] ?? value["input_tokens_details"]
        let answerDetails = value["completion_tokens_details"] ?? value["output_tokens_details"]
        var counts = TokenCounts()
        counts.prompt = TokenCounts.count(value, ["prompt_tokens", "input_tokens"])
        counts.answer = TokenCounts.count(value, ["completion_tokens", "output_tokens"])
        counts.total = TokenCounts.count(value["total_tokens"])
        // The smaller of several counts is the dearer one; some servers fill the names that they do not use with zeros.
        let reads = [promptDetails?["cached_tokens"], value["prompt_cache_hit_tokens"], value["cached_tokens"]]
        counts.cachedRead = reads.compactMap { TokenCounts.count($0) }.filter { $0 > 0 }.min() ?? 0
        counts.cacheWrite = TokenCounts.count(promptDetails?["cache_write_tokens"]) ?? 0
        // Only another hera tells those apart that are kept for an hour.
        counts.cacheWrite1h = TokenCounts.count(promptDetails?["cache_write_1h_tokens"]) ?? 0
        counts.audioInput = TokenCounts.count(promptDetails?["audio_tokens"]) ?? 0
        counts.reasoning =
            TokenCounts.count(answerDetails?["reasoning_tokens"]) ?? TokenCounts.count(value["reasoning_tokens"]) ?? 0
        counts.audioOutput = TokenCounts.count(answerDetails?["audio_tokens"]) ?? 0
        if counts.prompt == nil, let missed = TokenCounts.count(value["prompt_cache_miss_tokens"]) {
            counts.prompt = counts.cachedRead + missed
        }
        if isEmbedding {
            counts.prompt = [counts.prompt, counts.total].compactMap { $0 }.max()
            counts.answer = counts.prompt == nil ? nil : 0
        }
        return counts.reported()
    }

    /// Reads llama.cpp's `timings` object; nil where there is none.
    static func timings(_ value: JSONValue?) -> ServerTimings? {
        guard let value, let prefill = value["prompt_ms"]?.double, let decode = value["predicted_ms"]?.double else {
            return nil
        }
        return ServerTimings(
            prefillTokens: count(value["prompt_n"]), prefillSeconds: prefill / 1000,
            decodeTokens: count(value["predicted_n"]), decodeSeconds: decode / 1000,
            cachedTokens: value["cache_n"]?.integer.map { max(0, Int($0)) })
    }

    /// A count; 0 where it is missing, negative or beyond reason.
    static func count(_ value: JSONValue?) -> Int {
        guard let number = value?.integer, number >= 0, number < 1 << 40 else { return 0 }
        return Int(number)
    }
}

extension OpenAIWriter {
    static func write(_ usage: Usage, to writer: inout JSONWriter) {
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
}
