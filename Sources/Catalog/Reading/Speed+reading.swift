import Domain

extension Speed {
    static let rules = [
        FieldRule("overhead_s", "`overhead_s: 0.05`, seconds before the first prompt token is read"),
        FieldRule("prefill_tokens_per_s", "`prefill_tokens_per_s: 4000`"),
        FieldRule("decode_tokens_per_s", "`decode_tokens_per_s: 80`"),
        FieldRule("provenance", "`provenance: estimated` (or measured)"),
    ]

    /// The speed of a model's table; nil where it has none, or a wrong one.
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
