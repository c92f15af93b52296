import Domain

extension EnergyUse {
    static let rules = [
        FieldRule("prefill_j_per_token", "`prefill_j_per_token: 0.05`, joules for one token of the prompt"),
        FieldRule("decode_j_per_token", "`decode_j_per_token: 2.0`, joules for one token of the answer"),
        FieldRule("idle_w", "`idle_w: 40`, watts of the machine besides, booked while it is busy (0 if included)"),
        FieldRule("provenance", "`provenance: estimated` (or measured)"),
        FieldRule("source", "`source: ...`, how and where the figures were measured or estimated"),
    ]

    /// Parses `energy` of a model's table; nil if absent or invalid.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("energy", rules: Self.rules, log: &log) else { return nil }
        let prefill = table.required("prefill_j_per_token", log: &log)?.number(log: &log)
        let decode = table.required("decode_j_per_token", log: &log)?.number(log: &log)
        let idle = table.required("idle_w", log: &log)?.number(log: &log)
        let provenance: Provenance? = table.required("provenance", log: &log)?.choice(log: &log)
        let source = table.required("source", log: &log)
        guard let prefill, let decode, let idle, let provenance, let source else { return nil }
        self.init(
            joulesPerPrefillToken: prefill, joulesPerDecodeToken: decode, idleWatts: idle, provenance: provenance,
            source: source.text)
    }
}

extension Amortisation {
    static let rules = [
        FieldRule("nano_usd_per_busy_s", "`nano_usd_per_busy_s: 52850`, purchase price / expected busy seconds * 1e9"),
        FieldRule("source", "`source: ...`, the price and the years and share of busy time assumed"),
    ]

    /// Parses `amortisation` of a model's table; nil if absent or invalid.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("amortisation", rules: Self.rules, log: &log) else { return nil }
        let rate = table.required("nano_usd_per_busy_s", log: &log)?.number(log: &log)
        let source = table.required("source", log: &log)
        guard let rate, let source else { return nil }
        self.init(nanoUSDPerBusySecond: rate, source: source.text)
    }
}

extension Speed {
    static let rules = [
        FieldRule("overhead_s", "`overhead_s: 0.05`, seconds before the first prompt token is read"),
        FieldRule("prefill_tokens_per_s", "`prefill_tokens_per_s: 4000`"),
        FieldRule("decode_tokens_per_s", "`decode_tokens_per_s: 80`"),
        FieldRule("provenance", "`provenance: estimated` (or measured)"),
    ]

    /// Parses `speed` of a model's table; nil if absent or invalid.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("speed", rules: Self.rules, log: &log) else { return nil }
        let overhead = table.required("overhead_s", log: &log)?.number(log: &log)
        let prefill = table.required("prefill_tokens_per_s", log: &log)?.number(positive: true, log: &log)
        let decode = table.required("decode_tokens_per_s", log: &log)?.number(positive: true, log: &log)
        let provenance: Provenance? = table.required("provenance", log: &log)?.choice(log: &log)
        guard let overhead, let prefill, let decode, let provenance else { return nil }
        self.init(
            overheadSeconds: overhead, prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode,
            provenance: provenance)
    }
}

/// The default speed of a provider's model without a `speed`, until live measurements replace it.
///
/// From the latencies that the Berkeley Function Calling Leaderboard recorded in August 2024 (1,208 calls a model;
/// latency fitted as overhead + answer tokens / rate, slowest 5 % left out): claude-3.5-sonnet 1.1 s and 94 tokens/s,
/// gpt-4o 0.4 s and 93, gpt-4-0125 0.7 s and 28, gpt-4o-mini 0.4 s and 47, claude-3-haiku 0.6 s and 219,
/// gemini-1.5-flash 0.7 s and 269. The constants are the medians of the upper and of the lower three. Prefill is too
/// fast to show in those figures, except for two models (2,055 and 2,610 tokens/s); 2,500 is a cautious choice.
enum CloudSpeed {
    static func estimate(for tier: QualityTier) -> Speed {
        let isUpper = tier >= .large
        return Speed(
            overheadSeconds: isUpper ? 0.7 : 0.6, prefillTokensPerSecond: 2500,
            decodeTokensPerSecond: isUpper ? 93 : 219, provenance: .estimated)
    }
}
