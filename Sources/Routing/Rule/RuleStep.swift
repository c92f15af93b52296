package import Domain

/// What the rule is told of a step that begins.
package struct RuleStep: Sendable {
    package var position: Int
    /// The candidates in the plan's order; the reference among them where it can be called.
    package var order: [Candidate]
    /// Those that URC is asked of beside the ones that stand before the reference: the whole request would be better with
    /// them, though this step alone would not.
    package var wholes: [ModelID]
    /// The model with the best predicted quality; may be missing from `order` where it does not fit the limits.
    package var reference: Candidate
    package var kappa: Kappa
    /// HERA's URC threshold.
    package var requestThreshold: Double
    package var settings: SequenceRule
    package var verification: Verification
    /// What the predictors see ahead.
    package var outlook: Outlook
    package var history: StepHistory
    /// The choice of `on_infeasible`, where the policy's limits cannot be kept: no test is made.
    package var forced: Forced?

    package struct Forced: Hashable, Sendable {
        package var model: ModelID
        package var reason: String

        package init(model: ModelID, reason: String) {
            self.model = model
            self.reason = reason
        }
    }

    package init(
        position: Int, order: [Candidate], wholes: [ModelID] = [], reference: Candidate, kappa: Kappa,
        requestThreshold: Double = 0.7,
        settings: SequenceRule = .standard, verification: Verification = Verification(), outlook: Outlook = Outlook(),
        history: StepHistory = StepHistory(), forced: Forced? = nil
    ) {
        self.position = position
        self.order = order
        self.wholes = wholes
        self.reference = reference
        self.kappa = kappa
        self.requestThreshold = requestThreshold
        self.settings = settings
        self.verification = verification
        self.outlook = outlook
        self.history = history
        self.forced = forced
    }

    /// Those that stand before the reference in the plan: the only ones that are worth a test.
    var cheaper: ArraySlice<Candidate> {
        order[..<(order.indices.first { order[$0].model == reference.model } ?? order.endIndex)]
    }

    func candidate(_ model: ModelID) -> Candidate? { order.first { $0.model == model } }
}

/// What the predictors of outputs say of the steps ahead, against the reference; nil where nobody can tell.
package struct Outlook: Sendable {
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
