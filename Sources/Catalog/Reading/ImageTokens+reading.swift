import Domain

extension ImageTokens {
    static let rules = [
        FieldRule("most_tokens", "`most_tokens: 1600`, the most that the model bills for an image, however large"),
        FieldRule("source", "`source: ...`, who says so"),
    ]

    /// The images of a model's table; nil where it says nothing of them, or something wrong.
    init?(reading model: YAMLTable, log: inout ProblemLog) {
        guard let table = model.table("images", rules: Self.rules, log: &log) else { return nil }
        let most = table.required("most_tokens", log: &log)?.integer(atLeast: 1, log: &log)
        let source = table.required("source", log: &log)
        guard let most, let source else { return nil }
        self.init(most: most, source: source.text)
    }
}
