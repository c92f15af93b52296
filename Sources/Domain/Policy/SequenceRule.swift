import JSON

/// The stages of HERA's sequential rule, and the variants that the paper leaves open (docs/internals/routing.md).
package struct SequenceRule: Hashable, Sendable {
    /// The stages that are on. Without any, the plan's own choice is used.
    package var stages: Set<Stage>
    package var lookAheadCommits: LookAheadCommitment
    /// Steps that both predictors are rolled forward for consistency detection.
    package var lookAhead: Int
    package var decomposition: DecompositionRule
    /// The model that writes the expected next outputs for SSE's cosine; nil for trained predictors.
    package var textPredictor: ModelID?
    /// The share by which budget, time, energy or length may leave the plan's forecast before it is solved again.
    package var replanShare: Double

    /// The paper's stages, in its order.
    package static let allStages: [Stage] = [.urc, .sse, .sle, .cd, .sd]
    package static let standard = SequenceRule()

    package init(
        stages: Set<Stage> = Set(SequenceRule.allStages), lookAheadCommits: LookAheadCommitment = .span,
        lookAhead: Int = 3, decomposition: DecompositionRule = DecompositionRule(), textPredictor: ModelID? = nil,
        replanShare: Double = 0.2
    ) {
        self.stages = stages
        self.lookAheadCommits = lookAheadCommits
        self.lookAhead = lookAhead
        self.decomposition = decomposition
        self.textPredictor = textPredictor
        self.replanShare = replanShare
    }
}

/// The steps that subtask look-ahead estimation assigns to the cheaper model.
package enum LookAheadCommitment: String, CaseIterable, Hashable, Sendable {
    /// This step only (the paper's prose).
    case step
    /// This step and the next d, d being the S-L distance (Algorithm 1).
    case span
}

extension SequenceRule {
    static let fieldNames = ["stages", "sle_commits", "look_ahead", "decompose", "text_predictor", "replan_at"]
    /// Upper bound for look-ahead and parts; larger values are rejected.
    static let mostLookAhead = 16
    static let mostParts = 20

    /// Parses the rule's fields among those of a policy. Absent fields keep the values of `base`.
    init(_ fields: FieldReader, base: SequenceRule) throws(FieldError) {
        self = base
        if let names = try fields.strings("stages") {
            stages = []
            for name in names {
                guard let stage = Self.allStages.first(where: { $0.rawValue == name }) else {
                    let known = Self.allStages.map(\.rawValue).joined(separator: ", ")
                    throw FieldError(fields.path("stages"), "'\(name)' is not known; use some of \(known)")
                }
                stages.insert(stage)
            }
        }
        lookAheadCommits = try fields.choice("sle_commits", of: LookAheadCommitment.self) ?? lookAheadCommits
        lookAhead = try fields.integer("look_ahead", in: 0...Self.mostLookAhead) ?? lookAhead
        if let value = fields.value("decompose") {
            decomposition = try DecompositionRule(json: value, base: decomposition, fields: fields)
        }
        textPredictor = try fields.string("text_predictor").map { ModelID($0) } ?? textPredictor
        replanShare = try fields.number("replan_at", in: 0...1) ?? replanShare
    }

    /// Writes the rule's members into the policy's object.
    func write(into writer: inout JSONWriter) {
        writer.member(
            "stages",
            array: { list in for stage in Self.allStages where stages.contains(stage) { list.element(stage.rawValue) } }
        )
        writer.member("sle_commits", lookAheadCommits.rawValue)
        writer.member("look_ahead", lookAhead)
        writer.member("decompose", object: { decomposition.write(into: &$0) })
        if let textPredictor { writer.member("text_predictor", textPredictor.rawValue) }
        writer.member("replan_at", replanShare)
    }
}
