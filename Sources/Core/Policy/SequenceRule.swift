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
