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

/// One model as seen by a decision: what it is predicted to do, cost and take for this step.
package struct Candidate: Hashable, Sendable {
    package var model: ModelID
    package var placement: Placement
    package var prediction: Prediction
    /// Similarity, 0...1, of this model's next output to the reference's (SSE). Nil for the reference itself.
    package var similarity: Double?
    /// Probability, 0...1, that this model alone ends the request as well as the reference would (URC).
    package var requestSimilarity: Double?
    /// Expected cost of the step, the price of a lost prompt cache included.
    package var cost: CallCost
    /// No bill for the step can be higher than this; what is reserved before the call.
    package var worstCaseCost: Money
    package var latencySeconds: Double
    package var energyJoules: Double
    /// The way of being served that the cost is of.
    package var serviceTier: ServiceTier
    /// Why the model cannot serve this step, or nil where it can.
    package var rejection: String?

    package init(
        model: ModelID, placement: Placement, prediction: Prediction, similarity: Double? = nil,
        requestSimilarity: Double? = nil, cost: CallCost, worstCaseCost: Money, latencySeconds: Double,
        energyJoules: Double, serviceTier: ServiceTier = .standard, rejection: String? = nil
    ) {
        self.model = model
        self.placement = placement
        self.prediction = prediction
        self.similarity = similarity
        self.requestSimilarity = requestSimilarity
        self.cost = cost
        self.worstCaseCost = worstCaseCost
        self.latencySeconds = latencySeconds
        self.energyJoules = energyJoules
        self.serviceTier = serviceTier
        self.rejection = rejection
    }
}

/// One answer that was paid for, or asked for, on the way to a step's own: the live end of a decision.
package struct Attempt: Hashable, Sendable {
    package var model: ModelID
    /// Probability, 0...1, that the answer is acceptable (`verify_m`); nil where nothing scored it.
    package var score: Double?
    /// The threshold that the score was held against; nil where it was only recorded.
    package var kappa: Double?
    /// Whether this is the answer that the step got.
    package var isAccepted: Bool
    /// What was found, in words for a person.
    package var words: String
    /// The ledger's entry that booked it; nil where nothing was billed.
    package var entryID: String?

    package init(
        model: ModelID, score: Double? = nil, kappa: Double? = nil, isAccepted: Bool, words: String,
        entryID: String? = nil
    ) {
        self.model = model
        self.score = score
        self.kappa = kappa
        self.isAccepted = isAccepted
        self.words = words
        self.entryID = entryID
    }
}
