package import Domain

/// One step under way: the rule, with the estimates and the decision that go with it.
///
/// A caller does what `action` says, tells the course what came of it, and goes on until the action is `keep` or
/// `giveUp`. `state` is then what the next step of the run begins with; it may be kept after each event.
package struct StepMachine: Sendable {
    /// What is to be done now.
    package private(set) var action: RuleAction
    /// The decision so far, with every test that was made.
    package private(set) var decision: Decision
    /// What the run's next step has to know.
    package var state: RunState { rule.state }

    /// Probability that the answer told last is acceptable; nil where nothing scored it.
    package private(set) var acceptance: Double?

    private var rule: SequentialRule
    private let forecast: StepForecast
    private let estimator: any Estimating
    private let context: RoutingContext
    /// Remarks from before the rule began.
    private let preamble: [String]
    private var outputs: [(model: Model, output: String)] = []

    init(
        decision: Decision, rule: SequentialRule, start: RuleStep, forecast: StepForecast, estimator: any Estimating,
        context: RoutingContext
    ) {
        self.decision = decision
        self.rule = rule
        self.forecast = forecast
        self.estimator = estimator
        self.context = context
        preamble = decision.considered
        action = .ignored(reason: "")
        take(.step(start))
    }

    /// The decomposer has answered, in its own words.
    @discardableResult
    package mutating func decomposed(_ answer: String) -> RuleAction {
        let parts = SubtaskList.parts(of: answer)
        guard case .decompose = action else { return take(.decomposed([])) }
        let reference = forecast.model(decision.reference)
        let models = context.models.map(\.model)
        return take(
            .decomposed(
                parts.prefix(context.policy.sequence.decomposition.mostParts + 1).map { text in
                    let estimates = estimator.estimates(of: StepText(prompt: text), for: models)
                    var similarity: [ModelID: Double] = [:]
                    for model in models where model.id != decision.reference {
                        similarity[model.id] = reference.map { estimates.stepSimilarity(of: model, to: $0) }
                    }
                    return RuleEvent.Part(text: text, similarity: similarity)
                }))
    }

    /// The text predictor has written what models would answer; the reference among them.
    @discardableResult
    package mutating func predicted(_ texts: [ModelID: String]) -> RuleAction {
        guard let reference = texts[decision.reference] else {
            return take(.predictionFailed("nothing was written for \(decision.reference)"))
        }
        var similarity: [ModelID: Double] = [:]
        for (model, text) in texts where model != decision.reference {
            similarity[model] = WordCosine.cosine(text, reference)
        }
        return take(.predicted(similarity))
    }

    /// A model has answered; what its answer is worth is estimated from all answers of this step.
    ///
    /// - Parameter fault: what is wrong with the answer's form, in words; nil where nothing is.
    @discardableResult
    package mutating func answered(_ model: ModelID, output: String, fault: String? = nil) -> RuleAction {
        acceptance = nil
        if context.policy.verify, fault == nil, let known = forecast.model(model) {
            outputs.append((known, output))
            acceptance = forecast.estimates.acceptance(of: outputs)
        }
        return take(.answered(.init(model: model, acceptance: acceptance, fault: fault)))
    }

    /// Says that the caller named the model.
    package mutating func pin(_ reason: String) {
        guard case .call(let verdict) = action else { return }
        action = .call(.init(model: verdict.model, stage: .pinned, reason: reason))
        note()
    }

    /// Says by which other name the caller asked for the policy or the model.
    package mutating func name(asked: String) { decision.requestedModel = asked }

    /// Calls the model of the step before in place of the one that the rule chose, since moving would cost more than it
    /// gains. What the rule promised the other one is dropped; the answer is tested as any other.
    package mutating func stay(on model: ModelID, reason: String) {
        guard case .call(let verdict) = action, verdict.model != model else { return }
        let plan = rule.state.plan
        rule.release(from: verdict.model, because: "the run stays on \(model)")
        rule.state.plan = plan
        rule.findings.append(.note("plan: \(verdict.stage.rawValue) chose \(verdict.model): \(verdict.reason)"))
        action = .call(.init(model: model, stage: .plan, reason: reason))
        note()
    }

    /// A model did not answer; why, in words.
    @discardableResult
    package mutating func failed(_ model: ModelID, reason: String) -> RuleAction {
        take(.failed(model, reason: reason))
    }

    /// Tells the rule what happened, and says what is to be done now.
    @discardableResult
    package mutating func take(_ event: RuleEvent) -> RuleAction {
        action = rule.handle(event)
        while let refusal = refusal(of: action) { action = rule.handle(refusal) }
        note()
        return action
    }

    /// Decides without asking a text predictor or a decomposer.
    package mutating func proceedWithoutCalls() {
        while true {
            switch action {
            case .predict(let model, _, _): take(.predictionFailed("\(model) is not asked where nothing is called"))
            case .decompose(let model, _): take(.decompositionFailed("\(model) is not asked where nothing is called"))
            default: return
            }
        }
    }

    /// The event that stands for the answer of a model that cannot be asked.
    private func refusal(of action: RuleAction) -> RuleEvent? {
        switch action {
        case .predict(let model, _, _) where !canCall(model): .predictionFailed("\(model) cannot be called now")
        case .decompose(let model, _) where !canCall(model): .decompositionFailed("\(model) cannot be called now")
        default: nil
        }
    }

    private func canCall(_ model: ModelID) -> Bool {
        decision.candidate(model).map { $0.rejection == nil } ?? false
    }

    private mutating func note() {
        decision.considered = preamble + rule.findings.map(\.description)
        switch action {
        case .call(let verdict):
            (decision.model, decision.stage, decision.reason) = (verdict.model, verdict.stage, verdict.reason)
        case .split(let shares, let reason):
            (decision.model, decision.stage, decision.reason) = (shares.last?.model ?? decision.model, .sd, reason)
            decision.considered += shares.enumerated().map { "part \($0 + 1): \($1.reason)" }
        case .keep(let model, let reason):
            decision.model = model
            decision.considered.append(reason)
        case .giveUp(let reason): decision.considered.append(reason)
        case .predict, .decompose, .ignored: break
        }
        decision.fallbacks = fallbacks
    }

    /// Who answers if the chosen model fails.
    private var fallbacks: [ModelID] { forecast.byQuality.filter { $0 != decision.model } }
}
