package import Domain

/// An event in a run, as input of the sequential rule.
package enum RuleEvent: Sendable {
    /// A new step begins.
    case step(RuleStep)
    /// The text predictor has written the expected answers: cosine of each to the reference's.
    case predicted([ModelID: Double])
    /// The text predictor failed, with the reason.
    case predictionFailed(String)
    /// The decomposer has named the parts of the step, each with its estimates.
    case decomposed([Part])
    /// The decomposer failed, with the reason.
    case decompositionFailed(String)
    /// A model has answered, and is paid.
    case answered(Answer)
    /// A model did not answer, with the reason.
    case failed(ModelID, reason: String)

    /// A part of a step as the decomposer wrote it.
    package struct Part: Hashable, Sendable {
        package var text: String
        /// Similarity of each model's answer to the reference's, for the part's own text. No entry without an estimate.
        package var similarity: [ModelID: Double]

        package init(text: String, similarity: [ModelID: Double]) {
            self.text = text
            self.similarity = similarity
        }
    }

    /// A paid answer.
    package struct Answer: Hashable, Sendable {
        package var model: ModelID
        /// Probability that it is acceptable (`verify_m`); nil if only its form was checked.
        package var acceptance: Double?
        /// The defect of its form; nil for none.
        package var fault: String?
        /// The next call, or the answer to keep, by the value of another answer; nil to compare with a threshold.
        package var next: NextCall?

        package init(model: ModelID, acceptance: Double? = nil, fault: String? = nil, next: NextCall? = nil) {
            self.model = model
            self.acceptance = acceptance
            self.fault = fault
            self.next = next
        }
    }
}

/// The inputs of the sequential rule for one step.
package struct RuleStep: Sendable {
    package var position: Int
    /// The candidates in the plan's order, with the reference if it can be called.
    package var order: [Candidate]
    /// Candidates that the plan leaves out, since the reference is better in everything. They answer where no other
    /// does.
    package var others: [Candidate]
    /// Further candidates for URC, in addition to those before the reference. The whole request would be better on
    /// them, though this step alone would not.
    package var requestCandidates: [ModelID]
    /// The model with the best predicted quality. Not in `order` if it does not fit the limits.
    package var reference: Candidate
    package var kappa: Kappa
    /// The candidates' values under the price of lost quality; nil to compare with the line of kappa.
    package var priced: PricedStep?
    /// The first call, where asking a cheap model first is worth more than any single answer.
    package var opening: RuleAction.Verdict?
    /// HERA's URC threshold.
    package var requestThreshold: Double
    package var settings: SequenceRule
    package var verification: Verification
    /// The predictors' estimates for the steps ahead.
    package var lookAheadEstimates: LookAheadEstimates
    package var history: StepHistory
    /// The choice of `on_infeasible` if the policy's limits cannot be kept. Then no test is made.
    package var forced: Forced?

    package struct Forced: Hashable, Sendable {
        package var model: ModelID
        package var reason: String
    }

    package init(
        position: Int, order: [Candidate], others: [Candidate] = [], requestCandidates: [ModelID] = [],
        reference: Candidate, kappa: Kappa,
        requestThreshold: Double = 0.7,
        settings: SequenceRule = .standard, verification: Verification = Verification(),
        lookAheadEstimates: LookAheadEstimates = LookAheadEstimates(),
        history: StepHistory = StepHistory(), forced: Forced? = nil, priced: PricedStep? = nil,
        opening: RuleAction.Verdict? = nil
    ) {
        self.priced = priced
        self.opening = opening
        self.position = position
        self.order = order
        self.others = others
        self.requestCandidates = requestCandidates
        self.reference = reference
        self.kappa = kappa
        self.requestThreshold = requestThreshold
        self.settings = settings
        self.verification = verification
        self.lookAheadEstimates = lookAheadEstimates
        self.history = history
        self.forced = forced
    }

    /// The candidates before the reference in the plan, the only ones worth a test.
    var cheaper: ArraySlice<Candidate> {
        order[..<(order.indices.first { order[$0].model == reference.model } ?? order.endIndex)]
    }

    /// The similarity that a candidate must pass at this step.
    func threshold(_ model: ModelID) -> Double { priced?.threshold(model) ?? kappa.at(position) }

    /// The similarity of whole runs that a candidate must pass (URC).
    func requestThreshold(_ model: ModelID) -> Double { priced?.threshold(model) ?? requestThreshold }

    func candidate(_ model: ModelID) -> Candidate? { order.first { $0.model == model } }
}

/// Estimates of the output predictors for the steps ahead, against the reference; nil without an estimate.
package struct LookAheadEstimates: Sendable {
    /// Cosine of a model's output some steps after its next one and the reference's some steps after its next one.
    package var similarity: @Sendable (_ model: ModelID, _ ahead: Int, _ reference: Int) -> Double?
    /// S-L distance of the reference's next step for a model.
    package var distance: @Sendable (_ model: ModelID) -> DistanceForecast?

    package init(
        similarity: @escaping @Sendable (ModelID, Int, Int) -> Double? = { _, _, _ in nil },
        distance: @escaping @Sendable (ModelID) -> DistanceForecast? = { _ in nil }
    ) {
        self.similarity = similarity
        self.distance = distance
    }
}
