/// The part of the rule that decided.
package enum Stage: String, CaseIterable, Hashable, Sendable {
    /// User request classifier: the whole request goes to a cheaper model.
    case urc
    /// Subtask similarity estimation: this step's outputs are predicted to be alike.
    case sse
    /// Subtask look-ahead estimation.
    case sle
    /// Consistency detection over the look-ahead.
    case cd
    /// Subtask decomposition.
    case sd
    /// The assignment's own choice, where no reference stands above it.
    case plan
    /// No cheaper candidate passed.
    case reference
    /// The caller named the model.
    case pinned
}

/// Which model does a step, why, and who comes next if it fails.
package struct Decision: Hashable, Sendable {
    package var id: String
    package var runID: String
    package var stepID: String
    package var position: Int
    package var model: ModelID
    package var reference: ModelID
    /// The threshold that the step had to pass.
    package var kappa: Double
    package var stage: Stage
    /// One line that a person understands.
    package var reason: String
    /// Every test that was made, in order, one line each.
    package var considered: [String]
    package var candidates: [Candidate]
    /// Models to call, in order, when the chosen one fails before it has answered.
    package var fallbacks: [ModelID]
    /// The version of the catalog that named the prices.
    package var catalogVersion: String
    /// The answers on the way to the step's own, in the order of asking; empty before the step was done.
    package var attempts: [Attempt]
    /// What the caller wrote as `model` where that is another name of the policy or of the model; else nil.
    package var asked: String?

    package init(
        id: String, runID: String, stepID: String, position: Int, model: ModelID, reference: ModelID, kappa: Double,
        stage: Stage, reason: String, considered: [String], candidates: [Candidate], fallbacks: [ModelID],
        catalogVersion: String, attempts: [Attempt] = [], asked: String? = nil
    ) {
        self.id = id
        self.runID = runID
        self.stepID = stepID
        self.position = position
        self.model = model
        self.reference = reference
        self.kappa = kappa
        self.stage = stage
        self.reason = reason
        self.considered = considered
        self.candidates = candidates
        self.fallbacks = fallbacks
        self.catalogVersion = catalogVersion
        self.attempts = attempts
        self.asked = asked
    }

    package func candidate(_ model: ModelID) -> Candidate? { candidates.first { $0.model == model } }
}
