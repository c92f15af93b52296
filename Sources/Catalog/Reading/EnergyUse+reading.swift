import Domain

extension EnergyUse {
    static let rules = [
        FieldRule("prefill_j_per_token", "`prefill_j_per_token: 0.05`, joules for one token of the prompt"),
        FieldRule("decode_j_per_token", "`decode_j_per_token: 2.0`, joules for one token of the answer"),
        FieldRule("idle_w", "`idle_w: 40`, watts of the machine besides, booked while it is busy (0 if included)"),
        FieldRule("provenance", "`provenance: estimated` (or measured)"),
        FieldRule("source", "`source: ...`, how and where the figures were measured or estimated"),
    ]

    /// The energy of a model's table; nil where it has none, or a wrong one.
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
