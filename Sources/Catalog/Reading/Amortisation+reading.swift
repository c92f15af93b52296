import Domain

extension Amortisation {
    static let rules = [
        FieldRule("nano_usd_per_busy_s", "`nano_usd_per_busy_s: 52850`, purchase price / expected busy seconds * 1e9"),
        FieldRule("source", "`source: ...`, the price and the years and share of busy time assumed"),
    ]

    /// The amortisation of a model's table; nil where it has none, or a wrong one.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("amortisation", rules: Self.rules, log: &log) else { return nil }
        let rate = table.required("nano_usd_per_busy_s", log: &log)?.number(log: &log)
        let source = table.required("source", log: &log)
        guard let rate, let source else { return nil }
        self.init(nanoUSDPerBusySecond: rate, source: source.text)
    }
}
