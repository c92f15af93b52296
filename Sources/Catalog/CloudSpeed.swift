import Domain

/// What is expected of a provider's model whose entry names no speed, until live measurements say better.
///
/// From the latencies that the Berkeley Function Calling Leaderboard recorded in August 2024 (1,208 calls a model;
/// latency fitted as overhead + answer tokens / rate, slowest 5 % left out): claude-3.5-sonnet 1.1 s and 94 tokens/s,
/// gpt-4o 0.4 s and 93, gpt-4-0125 0.7 s and 28, gpt-4o-mini 0.4 s and 47, claude-3-haiku 0.6 s and 219,
/// gemini-1.5-flash 0.7 s and 269. Here stand the medians of the upper and of the lower three. Prompts are read too fast
/// to show in those figures but for two models (2,055 and 2,610 tokens/s); 2,500 is on the cautious side.
enum CloudSpeed {
    static func estimate(for tier: QualityTier) -> Speed {
        let isUpper = tier >= .large
        return Speed(
            overheadSeconds: isUpper ? 0.7 : 0.6, prefillTokensPerSecond: 2500,
            decodeTokensPerSecond: isUpper ? 93 : 219, provenance: .estimated)
    }
}
