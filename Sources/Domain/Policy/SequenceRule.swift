import JSON

/// How HERA's sequential rule is run: its stages, and every reading of what the paper leaves open (docs/method.md).
package struct SequenceRule: Hashable, Sendable {
    /// The stages that are tried; without any, the plan's own choice is taken.
    package var stages: Set<Stage>
    package var lookAheadCommits: LookAheadCommitment
    /// Steps that both predictors are rolled forward for consistency detection.
    package var lookAhead: Int
    package var decomposition: DecompositionRule
    /// The model that writes what others would answer next, for the cosine of SSE; nil to use trained predictors.
    package var textPredictor: ModelID?
    /// The share by which budget, time, energy or length may leave the plan's forecast before it is solved again.
    package var replanShare: Double

    /// The stages of the paper, in its order.
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

/// What subtask look-ahead estimation gives to the cheaper model.
package enum LookAheadCommitment: String, CaseIterable, Hashable, Sendable {
    /// This step alone (the prose of the paper).
    case step
    /// This step and the next d, d being the S-L distance (Algorithm 1).
    case span
}

/// How a step is taken apart (SD).
package struct DecompositionRule: Hashable, Sendable {
    package var mode: DecompositionMode
    /// The model that is asked for the parts; nil for nobody, since asking costs a call.
    package var decomposer: Decomposer?
    /// More parts than this are refused.
    package var mostParts: Int
    package var kappa: PartKappa

    package init(
        mode: DecompositionMode = .partial, decomposer: Decomposer? = nil, mostParts: Int = 6,
        kappa: PartKappa = .step
    ) {
        self.mode = mode
        self.decomposer = decomposer
        self.mostParts = mostParts
        self.kappa = kappa
    }
}

package enum DecompositionMode: String, CaseIterable, Hashable, Sendable {
    /// Each part goes to its own best model.
    case partial
    /// One cheaper model does all the parts, or the reference does the step undivided (the paper).
    case allOrNothing = "all_or_nothing"
    case off
}

/// Who is asked for the parts of a step.
package enum Decomposer: Hashable, Sendable {
    /// The cheapest candidate of the step.
    case cheapest
    case model(ModelID)

    package init(name: String) { self = name == "cheapest" ? .cheapest : .model(ModelID(name)) }

    package var name: String {
        switch self {
        case .cheapest: "cheapest"
        case .model(let id): id.rawValue
        }
    }
}

/// The threshold that a part of a step has to pass.
package enum PartKappa: Hashable, Sendable {
    /// The step's own.
    case step
    /// As if the parts were the steps i, i + 1, ...
    case position
    case fixed(Double)
}

extension SequenceRule {
    static let fieldNames = ["stages", "sle_commits", "look_ahead", "decompose", "text_predictor", "replan_at"]
    /// Look-ahead and parts beyond this are a mistake of the caller.
    static let mostLookAhead = 16
    static let mostParts = 20

    /// Reads the rule's fields among those of a policy; fields that are absent keep the values of `base`.
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

extension DecompositionRule {
    /// Reads `"partial"`, `"all_or_nothing"`, `"off"`, or an object with `mode`, `by`, `most` and `kappa`.
    init(json: JSONValue, base: DecompositionRule, fields: FieldReader) throws(FieldError) {
        self = base
        if json.string != nil {
            mode = try fields.choice("decompose", of: DecompositionMode.self) ?? mode
            return
        }
        let fields = try FieldReader(json, path: fields.path("decompose"), known: ["mode", "by", "most", "kappa"])
        mode = try fields.choice("mode", of: DecompositionMode.self) ?? mode
        decomposer = try fields.string("by").map { Decomposer(name: $0) } ?? decomposer
        mostParts = try fields.integer("most", in: 2...SequenceRule.mostParts) ?? mostParts
        if let value = fields.value("kappa") { kappa = try PartKappa(json: value, fields: fields) }
    }

    func write(into writer: inout JSONWriter) {
        writer.member("mode", mode.rawValue)
        if let decomposer { writer.member("by", decomposer.name) }
        writer.member("most", mostParts)
        switch kappa {
        case .step: writer.member("kappa", "step")
        case .position: writer.member("kappa", "position")
        case .fixed(let value): writer.member("kappa", value)
        }
    }
}

extension PartKappa {
    init(json: JSONValue, fields: FieldReader) throws(FieldError) {
        switch json.string {
        case "step": self = .step
        case "position": self = .position
        case nil:
            guard let value = try fields.number("kappa", in: 0...1) else { throw Self.unknown(fields) }
            self = .fixed(value)
        default: throw Self.unknown(fields)
        }
    }

    private static func unknown(_ fields: FieldReader) -> FieldError {
        FieldError(fields.path("kappa"), "must be \"step\", \"position\" or a number from 0 to 1")
    }
}

extension Verification {
    /// Reads `true`, `false`, or an object with `on`, `stream` and `threshold`; an object without `on` means on.
    init(json: JSONValue, base: Verification, path: String) throws(FieldError) {
        self = base
        if let flag = json.boolean {
            isOn = flag
            return
        }
        guard json.kind == .object else {
            throw FieldError(path, "must be true, false, or an object with on, stream and threshold")
        }
        let fields = try FieldReader(json, path: path, known: ["on", "stream", "threshold"])
        isOn = try fields.boolean("on") ?? true
        stream = try fields.choice("stream", of: StreamRule.self) ?? stream
        threshold = try fields.number("threshold", in: 0...1) ?? threshold
    }

    /// Writes `verify` into the policy's object: true or false where that says it all.
    func write(into writer: inout JSONWriter) {
        guard stream != .buffer || threshold != nil else {
            writer.member("verify", isOn)
            return
        }
        writer.member(
            "verify",
            object: { object in
                object.member("on", isOn)
                object.member("stream", stream.rawValue)
                if let threshold { object.member("threshold", threshold) }
            })
    }
}
