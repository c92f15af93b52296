import JSON

/// Whether routing chooses the effort of models, and how much at most.
package struct EffortRule: Hashable, Sendable {
    /// Whether a level is chosen for callers that set none.
    package var chooses: Bool
    /// The greatest effort that is chosen; a model's own level is always allowed.
    package var atMost: MeasuredEffort

    /// Levels up to high.
    package static let standard = EffortRule(chooses: true, atMost: .high)
    /// Every model at its own level.
    package static let off = EffortRule(chooses: false, atMost: .high)

    package init(chooses: Bool, atMost: MeasuredEffort) {
        self.chooses = chooses
        self.atMost = atMost
    }

    static let fieldNames = ["effort"]

    /// Parses a policy's `effort`: `{"choose": true, "at_most": "high"}`. Absent members keep the values of `base`.
    init(_ fields: FieldReader, base: EffortRule) throws(FieldError) {
        self = base
        guard let value = fields.value("effort") else { return }
        let own = try FieldReader(value, path: fields.path("effort"), known: ["choose", "at_most"])
        chooses = try own.boolean("choose") ?? chooses
        guard let name = try own.string("at_most") else { return }
        guard let effort = MeasuredEffort(rawValue: name), effort.rank != nil else {
            let known = MeasuredEffort.levels.map(\.rawValue).joined(separator: ", ")
            throw FieldError(own.path("at_most"), "'\(name)' is not known; use one of \(known)")
        }
        atMost = effort
    }

    /// Writes the member into the policy's open object.
    func write(into writer: inout JSONWriter) {
        writer.member(
            "effort",
            object: {
                $0.member("choose", chooses)
                $0.member("at_most", atMost.rawValue)
            })
    }

    /// Whether a level may be chosen.
    package func admits(_ effort: MeasuredEffort) -> Bool {
        guard let rank = effort.rank, let most = atMost.rank else { return false }
        return rank <= most
    }
}
