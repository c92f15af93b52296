/// The stage of the sequential rule that decided.
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
    /// The assignment's own choice, without a reference above it.
    case plan
    /// No cheaper candidate passed.
    case reference
    /// The caller named the model.
    case pinned
}

/// The model chosen for a step, the reason, and the fallbacks.
package struct Decision: Hashable, Sendable {
    package var id: String
    package var runID: String
    package var stepID: String
    package var position: Int
    package var model: ModelID
    package var reference: ModelID
    /// Predicted quality of the reference with all sources and at its own effort, where it is asked in another way; nil
    /// where its candidate has it. Not stored: the loss is recorded when the step ends.
    package var wholeReferenceQuality: Double?
    /// The threshold that the step had to pass.
    package var kappa: Double
    package var stage: Stage
    /// One line for operators and callers.
    package var reason: String
    /// Every test in order, one line each.
    package var considered: [String]
    package var candidates: [Candidate]
    /// Models to call, in order, if the chosen one fails before its first byte.
    package var fallbacks: [ModelID]
    /// The version of the catalog that named the prices.
    package var catalogVersion: String
    /// The step's answers in the order of the calls. Empty until the step is done.
    package var attempts: [Attempt]
    /// The `model` of the request, if it is an alias of the policy or of the model; else nil.
    package var requestedModel: String?

    package init(
        id: String, runID: String, stepID: String, position: Int, model: ModelID, reference: ModelID, kappa: Double,
        stage: Stage, reason: String, considered: [String], candidates: [Candidate], fallbacks: [ModelID],
        catalogVersion: String, attempts: [Attempt] = [], requestedModel: String? = nil
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
        self.requestedModel = requestedModel
    }

    package func candidate(_ model: ModelID) -> Candidate? { candidates.first { $0.model == model } }

    /// The decision with a model asked for everything, at its own effort: what a policy is compared with.
    package func askingWhole(_ model: ModelID) -> Decision {
        var decision = self
        for index in candidates.indices where candidates[index].model == model {
            (decision.candidates[index].effort, decision.candidates[index].sources) = (nil, nil)
        }
        return decision
    }
}

/// One model in a decision: its predicted quality, cost and latency for the step.
package struct Candidate: Hashable, Sendable {
    package var model: ModelID
    package var placement: Placement
    package var prediction: Prediction
    /// Similarity, 0...1, of this model's next output to the reference's (SSE). Nil for the reference.
    package var similarity: Double?
    /// Probability, 0...1, that this model alone completes the request as well as the reference (URC).
    package var requestSimilarity: Double?
    /// Expected cost of the step, including the loss of a prompt cache.
    package var cost: CallCost
    /// Upper bound of the bill; the amount reserved before the call.
    package var worstCaseCost: Money
    package var latencySeconds: Double
    package var energyJoules: Double
    /// The service tier that the cost assumes.
    package var serviceTier: ServiceTier
    /// Why the model cannot serve this step; nil if it can.
    package var rejection: String?
    /// The optional sources that this model is sent; nil for a step without any.
    package var sources: SourceChoice?
    /// The effort that is asked for; nil where nothing is set, and the model works at its own level.
    package var effort: EffortChoice?

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

/// One call made for a step: the observed part of a decision.
package struct Attempt: Hashable, Sendable {
    package var model: ModelID
    /// Probability, 0...1, that the answer is acceptable (`verify_m`). Nil if it was not scored.
    package var score: Double?
    /// The threshold that the score was compared with. Nil if the score was only recorded.
    package var kappa: Double?
    /// Whether the step used this answer.
    package var isAccepted: Bool
    /// The outcome, for operators and callers.
    package var reason: String
    /// The ledger entry of the call; nil if nothing was billed.
    package var entryID: String?
    /// The name of the model's endpoint that was called last; nil where the model has one only.
    package var endpoint: String?
    /// What was seen of the answer besides its words, in order.
    package var evidence: [Evidence]

    package init(
        model: ModelID, score: Double? = nil, kappa: Double? = nil, isAccepted: Bool, reason: String,
        entryID: String? = nil, endpoint: String? = nil, evidence: [Evidence] = []
    ) {
        self.model = model
        self.score = score
        self.kappa = kappa
        self.isAccepted = isAccepted
        self.reason = reason
        self.entryID = entryID
        self.endpoint = endpoint
        self.evidence = evidence
    }
}

/// One thing seen of an answer, and what it says of the answer's being right.
package struct Evidence: Hashable, Sendable {
    /// For example `token_probability`, `length`, `samples` or a check's name.
    package var name: String
    /// The observation in words.
    package var finding: String
    /// Change of the log-odds of a right answer; nil for evidence that was dropped or is only recorded.
    package var logOdds: Double?

    package init(name: String, finding: String, logOdds: Double? = nil) {
        self.name = name
        self.finding = finding
        self.logOdds = logOdds
    }
}

extension Candidate {
    /// How the model is asked.
    package var way: AskedWay { AskedWay(effort: effort?.level.effort, sources: sources?.sent) }

    /// Whether the model is asked with everything and at its own effort.
    package var isWhole: Bool { effort == nil && sources?.left.isEmpty ?? true }
}

/// How a model was asked: what its prompt cache holds of a run depends on it.
package struct AskedWay: Hashable, Sendable {
    /// The effort that was asked for; nil where none was.
    package var effort: MeasuredEffort?
    /// Names of the optional sources that were sent; nil where there were none to choose from.
    package var sources: [String]?

    package init(effort: MeasuredEffort? = nil, sources: [String]? = nil) {
        self.effort = effort
        self.sources = sources
    }
}

/// A level of effort that was chosen for a model, with what its own level would have given.
package struct EffortChoice: Hashable, Sendable {
    /// The level that is asked for.
    package var level: EffortLevel
    /// The level at which the model works unasked.
    package var own: MeasuredEffort
    /// Expected quality, 0...1, at the model's own level.
    package var ownQuality: Double
    /// Expected cost at the model's own level.
    package var ownCost: Money

    package init(level: EffortLevel, own: MeasuredEffort, ownQuality: Double, ownCost: Money) {
        self.level = level
        self.own = own
        self.ownQuality = ownQuality
        self.ownCost = ownCost
    }
}

/// The optional sources that a model is sent, by name.
package struct SourceChoice: Hashable, Sendable {
    /// Names of the sources sent, in the order of the request.
    package var sent: [String]
    /// Names of the sources left out.
    package var left: [String]
    /// Bits of the sources sent, in the order of the request.
    package var mask: UInt64
    /// What single sources are expected to add, where the way without or with one was looked at.
    package var worths: [SourceWorth]
    /// The same as words, as decisions stored it before.
    private var storedWords: [String]

    package init(
        sent: [String], left: [String], mask: UInt64, worths: [SourceWorth] = [], storedWords: [String] = []
    ) {
        self.storedWords = storedWords
        self.sent = sent
        self.left = left
        self.mask = mask
        self.worths = worths
    }

    /// The worths in words, for operators and callers.
    package var remarks: [String] { worths.isEmpty ? storedWords : worths.map(\.description) }
}

/// What one optional source is expected to add to an answer, and its cost.
package struct SourceWorth: Hashable, Sendable, CustomStringConvertible {
    /// The source's name.
    package var id: String
    /// Whether the model is sent it.
    package var isSent: Bool
    /// Expected gain of quality, 0...1.
    package var gain: Double
    /// Expected cost of sending it.
    package var cost: Money

    package init(id: String, isSent: Bool, gain: Double, cost: Money) {
        self.id = id
        self.isSent = isSent
        self.gain = gain
        self.cost = cost
    }

    /// For example "side sent: expected to add 0.12 of quality for $0.0004".
    package var description: String {
        "\(id) \(isSent ? "sent" : "not sent"): expected to add \(Decimals.two(gain)) of quality for $\(cost)"
    }
}
