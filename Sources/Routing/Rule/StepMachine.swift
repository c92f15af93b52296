package import Domain
package import Estimation

/// One running step: the sequential rule with its estimates and decision.
///
/// Callers perform `action`, report the result, and repeat until the action is `keep` or `abandon`. `state` is then the
/// input of the run's next step. It is valid after every event.
package struct StepMachine: Sendable {
    /// The next action.
    package private(set) var action: RuleAction
    /// The decision so far, with every test.
    package private(set) var decision: Decision
    /// The state for the run's next step.
    package var state: RunState { rule.state }

    /// Probability that the last answer is acceptable; nil if it was not scored.
    package private(set) var acceptance: Double?

    private var rule: SequentialRule
    private var forecast: Shared<StepForecast>
    private let estimator: any Estimating
    private let context: Shared<RoutingContext>
    /// Remarks from before the rule began.
    private let preamble: [String]
    private var outputs: [(model: Model, output: String)] = []
    /// What was seen of the answers besides their words.
    private var seen = SeenEvidence()
    /// The evidence of the last answer.
    private var evidence = AnswerEvidence()
    /// Whether callers can ask a model for further answers (`sample`).
    package var allowsSamples = false
    /// Models that were asked in a second way.
    private var askedAgain: Set<ModelID> = []
    /// Whether the last answer agrees with the earlier ones of the step, with its price; nil without an earlier one.
    package var opinion: Evidence? { compared() }

    init(
        decision: Decision, rule: SequentialRule, start: RuleStep, forecast: StepForecast, estimator: any Estimating,
        context: RoutingContext
    ) {
        self.decision = decision
        self.rule = rule
        self.forecast = Shared(forecast)
        self.estimator = estimator
        self.context = Shared(context)
        preamble = decision.considered
        action = .ignored(reason: "")
        handle(.step(start))
    }

    /// Handles the decomposer's answer text.
    @discardableResult
    package mutating func decomposed(_ answer: String) -> RuleAction {
        let parts = SubtaskList.parts(of: answer)
        guard case .decompose = action else { return handle(.decomposed([])) }
        let reference = forecast.value.model(decision.reference)
        let models = context.value.models.map(\.model)
        return handle(
            .decomposed(
                parts.prefix(context.value.policy.sequence.decomposition.mostParts + 1).map { text in
                    let estimates = estimator.estimates(of: StepText(prompt: text), for: models)
                    var similarity: [ModelID: Double] = [:]
                    for model in models where model.id != decision.reference {
                        similarity[model.id] = reference.map { estimates.stepSimilarity(of: model, to: $0) }
                    }
                    return RuleEvent.Part(text: text, similarity: similarity)
                }))
    }

    /// Handles the text predictor's expected answers, the reference's among them.
    @discardableResult
    package mutating func predicted(_ texts: [ModelID: String]) -> RuleAction {
        guard let reference = texts[decision.reference] else {
            return handle(.predictionFailed("nothing was written for \(decision.reference)"))
        }
        var similarity: [ModelID: Double] = [:]
        for (model, text) in texts where model != decision.reference {
            similarity[model] = WordCosine.cosine(text, reference)
        }
        return handle(.predicted(similarity))
    }

    /// Handles a model's answer. Its acceptance is estimated from all answers of this step and from the evidence.
    ///
    /// - Parameters:
    ///   - fault: the defect of the answer's form; nil for none.
    ///   - evidence: what was seen of the answer besides its words.
    @discardableResult
    package mutating func answered(
        _ model: ModelID, output: String, fault: String? = nil, evidence: AnswerEvidence = AnswerEvidence()
    ) -> RuleAction {
        if let last = outputs.last { seen.logOdds[last.model.id, default: 0] += seen.samples.logOdds }
        (acceptance, seen.samples, self.evidence) = (nil, SampleAgreement(), evidence)
        guard context.value.policy.verify, fault == nil, let known = forecast.value.model(model) else {
            return handle(.answered(.init(model: model, fault: fault)))
        }
        outputs.append((known, output))
        seen.mostSamples = allowsSamples ? context.value.policy.verification.samples : 0
        seen.mostOpinions = allowsSamples ? context.value.policy.verification.opinions : 0
        return weigh()
    }

    /// Handles a further answer of the model that answered last.
    ///
    /// - Parameters:
    ///   - samples: the further answers so far, and how many of them agree with the answer that is kept of them.
    ///   - output: the answer that is kept of them.
    @discardableResult
    package mutating func sampled(_ samples: SampleAgreement, output: String) -> RuleAction {
        guard case .sample = action, let last = outputs.indices.last else { return action }
        seen.samples = samples
        outputs[last].output = output
        return weigh()
    }

    /// Handles a further answer that did not come. No more are asked for.
    @discardableResult
    package mutating func sampleFailed(_ reason: String) -> RuleAction {
        guard case .sample(let model, _) = action else { return action }
        seen.mostSamples = 0
        rule.findings.append(.failed(model, reason: "a further answer did not come: \(reason)"))
        return weigh()
    }

    /// Compares the last answer, with all that is known of it, with its price.
    private mutating func weigh() -> RuleAction {
        guard let last = outputs.last else { return action }
        let judged = forecast.value.estimates.acceptance(of: outputs)
        let ofAnswer = evidence.beyondWords + (judged == nil ? evidence.ofWords : 0)
        seen.logOdds[last.model.id] = ofAnswer
        let change = ofAnswer + seen.samples.logOdds
        acceptance = judged.map { $0 > 0 && $0.isFinite && change != 0 ? logistic(logit($0) + change) : $0 }
        var next: NextCall?
        if context.value.policy.verification.threshold == nil {
            var search = forecast.value.callsAfterAnswer(in: context.value)
            search?.askedAgain = askedAgain
            let weighed = search?.weighed(outputs, seen: seen)
            next = weighed?.next()
            if judged == nil, next != nil { acceptance = weighed?.acceptance }
        }
        if case .sample(let model, let correctness)? = next {
            action = .sample(
                model,
                reason: "\(model) is asked once more: its answer is right with probability "
                    + "\(Decimals.two(correctness)), and whether it agrees is expected to be worth its price")
            updateDecision()
            return action
        }
        if case .askAgain(let way)? = next { take(way) }
        return handle(.answered(.init(model: last.model.id, acceptance: acceptance, next: next)))
    }

    /// Compares the last answer with the earlier ones.
    private func compared() -> Evidence? {
        guard outputs.count > 1, let last = outputs.last else { return nil }
        let own = ComparedAnswer(last.output, offersTools: forecast.value.offersTools)
        var same: [String] = []
        var others: [String] = []
        for (model, output) in outputs.dropLast() where model.id != last.model.id {
            switch own.agrees(with: ComparedAnswer(output, offersTools: forecast.value.offersTools)) {
            case true?: same.append(model.id.rawValue)
            case false?: others.append(model.id.rawValue)
            case nil: continue
            }
        }
        var words: [String] = []
        if !same.isEmpty { words.append("it agrees with the answer of \(same.joined(separator: ", "))") }
        if !others.isEmpty { words.append("it is not the answer of \(others.joined(separator: ", "))") }
        guard !words.isEmpty else { return nil }
        let price = decision.candidate(last.model.id).map { "; asked for about $\($0.cost.total)" } ?? ""
        return Evidence(name: "agreement", finding: words.joined(separator: ", ") + price, logOdds: nil)
    }

    /// Asks a model in another way from here on.
    private mutating func take(_ way: Candidate) {
        askedAgain.insert(way.model)
        forecast = forecast.changing { $0.take([way]) }
        guard let index = decision.candidates.firstIndex(where: { $0.model == way.model }) else { return }
        decision.candidates[index] = forecast.value.candidates[index]
    }

    /// Marks the model as named by the caller.
    package mutating func pin(_ reason: String) {
        guard case .call(let verdict) = action else { return }
        action = .call(.init(model: verdict.model, stage: .pinned, reason: reason))
        updateDecision()
    }

    /// Records the alias by which the caller requested the policy or the model.
    package mutating func setRequestedModel(_ name: String) { decision.requestedModel = name }

    /// Calls the previous step's model instead of the rule's choice, because switching would cost more than it gains.
    /// Drops the rule's commitments to the other model. The answer is verified like any other.
    package mutating func stay(on model: ModelID, reason: String) {
        guard case .call(let verdict) = action, verdict.model != model else { return }
        let plan = rule.state.plan
        rule.release(from: verdict.model, because: "the run stays on \(model)")
        rule.state.plan = plan
        rule.findings.append(.overridden(verdict))
        action = .call(.init(model: model, stage: .plan, reason: reason))
        updateDecision()
    }

    /// Handles a call that failed, with the reason.
    @discardableResult
    package mutating func failed(_ model: ModelID, reason: String) -> RuleAction {
        handle(.failed(model, reason: reason))
    }

    /// Passes an event to the rule and returns the next action.
    @discardableResult
    package mutating func handle(_ event: RuleEvent) -> RuleAction {
        action = rule.handle(event)
        while let refusal = refusal(of: action) { action = rule.handle(refusal) }
        updateDecision()
        return action
    }

    /// Decides without a text predictor or a decomposer.
    package mutating func proceedWithoutCalls() {
        while true {
            switch action {
            case .predict(let model, _, _): handle(.predictionFailed("\(model) is not asked where nothing is called"))
            case .decompose(let model, _): handle(.decompositionFailed("\(model) is not asked where nothing is called"))
            default: return
            }
        }
    }

    /// The event that replaces the answer of a model that cannot be called.
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

    private mutating func updateDecision() {
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
        case .abandon(let reason): decision.considered.append(reason)
        case .sample(_, let reason): decision.considered.append(reason)
        case .predict, .decompose, .ignored: break
        }
        decision.fallbacks = fallbacks
    }

    /// The models to call if the chosen one fails.
    private var fallbacks: [ModelID] { forecast.value.byQuality.filter { $0 != decision.model } }
}

/// Word-based similarity of two texts, for predictors that write text.
///
/// Cosine of the counts of words and of pairs of neighbouring words, lower case. It replaces the paper's sentence
/// embeddings if predictions are texts.
enum WordCosine {
    static func cosine(_ a: String, _ b: String) -> Double {
        let (a, b) = (counts(a), counts(b))
        let dot = a.reduce(0.0) { $0 + $1.value * (b[$1.key] ?? 0) }
        let lengths = norm(a) * norm(b)
        return lengths > 0 ? dot / lengths : 0
    }

    private static func counts(_ text: String) -> [String: Double] {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        var counts: [String: Double] = [:]
        for word in words { counts[word, default: 0] += 1 }
        for (first, second) in zip(words, words.dropFirst()) { counts["\(first) \(second)", default: 0] += 1 }
        return counts
    }

    private static func norm(_ counts: [String: Double]) -> Double {
        counts.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}
