package import Domain
package import JSON

extension OpenAIWire {
    /// Reads a `usage` object into classes that do not overlap; nil where there is none (or `null`, or no counts in it).
    /// Zero is zero.
    ///
    /// OpenAI's `prompt_tokens` include audio tokens and those read from or written to a cache. Its `completion_tokens`
    /// include reasoning and audio tokens. A few servers count reasoning apart; their `total_tokens` says so.
    package static func usage(_ value: JSONValue?) -> Usage? {
        guard let value, value.kind == .object else { return nil }
        guard value["prompt_tokens"] != nil || value["completion_tokens"] != nil else { return nil }
        let prompt = count(value["prompt_tokens"])
        let completion = count(value["completion_tokens"])
        let promptDetails = value["prompt_tokens_details"]
        let completionDetails = value["completion_tokens_details"]
        // The whole is what is billed, so its parts are capped by it.
        let cached = min(prompt, count(promptDetails?["cached_tokens"] ?? value["prompt_cache_hit_tokens"]))
        let written = min(prompt - cached, count(promptDetails?["cache_write_tokens"]))
        // Only another hera tells those apart that are kept for an hour.
        let write1h = min(written, count(promptDetails?["cache_write_1h_tokens"]))
        let audioInput = min(prompt - cached - written, count(promptDetails?["audio_tokens"]))
        let saidReasoning = count(completionDetails?["reasoning_tokens"])
        let isApart =
            saidReasoning > 0 && value["total_tokens"]?.integer == Int64(prompt + completion + saidReasoning)
        let reasoning = isApart ? saidReasoning : min(completion, saidReasoning)
        let visible = isApart ? completion : completion - reasoning
        let audioOutput = min(visible, count(completionDetails?["audio_tokens"]))
        return Usage(
            input: prompt - cached - written - audioInput, cachedRead: cached, cacheWrite5m: written - write1h,
            cacheWrite1h: write1h, output: visible - audioOutput, reasoning: reasoning, audioInput: audioInput,
            audioOutput: audioOutput)
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

    /// A count of tokens; 0 where it is missing, negative or beyond reason.
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
