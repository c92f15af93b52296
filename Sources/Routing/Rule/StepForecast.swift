import Domain

/// All predictions for a step, before any call.
struct StepForecast: Sendable {
    let estimates: any StepEstimates
    /// The candidates under the price of lost quality; nil under a line of kappa.
    private(set) var priced: PricedStep?
    /// Whether a judge tests the answers of all candidates, so that another one can follow.
    private let isTested: Bool
    /// One candidate per model of the context, in its order.
    private(set) var candidates: [Candidate]
    /// The candidate with the best predicted quality.
    private(set) var reference: Candidate
    /// Predicted quality of the reference with all sources and at its own effort: losses are counted against it.
    let wholeReferenceQuality: Double
    /// By model with several ways of asking: those worth a look, the one of its candidate among them.
    private let ways: [ModelID: [Candidate]]
    /// Remarks about estimates that were not numbers.
    private(set) var remarks: [String] = []
    /// The model that the run is taken from, because its last steps go badly.
    private(set) var stuck: ModelID?
    /// Whether the request offers tools.
    let offersTools: Bool
    /// In the order of the context.
    private let models: [Model]
    /// Indices of the candidates that can serve the step.
    private let able: [Int]
    /// The able candidates whose highest possible bill fits the remaining budget.
    private(set) var affordable: [Candidate]
    /// Their fallback order: the best first, the cheaper one if two are equal.
    let byQuality: [ModelID]

    /// - Throws: `.noCandidate` if no model can serve the step.
    init(of step: Step, by estimator: any Estimating, in context: RoutingContext) throws(RoutingError) {
        let models = context.models.map(\.model)
        let estimates = estimator.estimates(of: step.text, for: models)
        var remarks: [String] = []
        let asked = step.effort?.effort
        let shift = asked == nil ? nil : EffortShift(estimates)
        func predicted(_ model: Model) -> Prediction {
            let prediction = estimates.prediction(for: model)
            if prediction.isNumber {
                guard let asked, let shift, asked != model.ownEffort, let level = model.level(asked) else {
                    return prediction
                }
                return shift.prediction(prediction, of: model, at: level)
            }
            remarks.append(
                "estimate: no number was predicted for \(model.id); the prior of its \(model.tier.rawValue) tier stands in"
            )
            return TierPrior.prediction(of: model.tier)
        }
        let found = AskingWays(of: step, by: estimates, in: context, predicting: predicted)
        var candidates = found?.best ?? Candidates.of(step, in: context, predicting: predicted)
        // The reference is what would always be asked: it is found among the models at their own effort.
        var whole = found?.whole ?? candidates
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        if context.policy.kappa.isPriced {
            EqualAbility.capLeads(of: &candidates, able)
            EqualAbility.capLeads(of: &whole, able)
        }
        guard var best = able.max(by: { whole[$0].isWorseReference(than: whole[$1]) }) else {
            throw .noCandidate(candidates.map { ($0.model, $0.rejection ?? "") })
        }
        let isPriced = context.policy.kappa.isPriced
        if isPriced, let hand = RunHandOver(step, among: able.map { candidates[$0] }) {
            remarks.append(hand.remark)
            stuck = hand.stuck
            if let index = candidates.firstIndex(where: { $0.model == hand.stuck }) {
                candidates[index].prediction.quality = hand.quality
                whole[index].prediction.quality = hand.quality
                best = able.max(by: { whole[$0].isWorseReference(than: whole[$1]) }) ?? best
            }
        }
        if isPriced {
            let payable = able.filter { index in
                context.remaining.budget.map { candidates[index].worstCaseCost <= $0 } ?? true
            }
            let pool = payable.isEmpty ? able : payable
            let unlimited = best
            best = Self.reference(pool, whole) ?? best
            if !payable.contains(unlimited), payable.contains(best) {
                remarks.append(
                    "plan: \(candidates[unlimited].model) does not fit the budget left; \(candidates[best].model) is the "
                        + "best that does")
            }
        }
        func number(_ value: Double, _ test: String, _ model: ModelID) -> Double? {
            if value.isFinite { return value }
            remarks.append("\(Finding.noNumber(test, model))")
            return nil
        }
        for index in able where index != best {
            let model = models[index]
            candidates[index].similarity = number(
                isPriced
                    ? Similarity.expected(
                        candidates[index].prediction.quality, reference: candidates[best].prediction.quality)
                    : estimates.stepSimilarity(of: model, to: models[best]), "sse", model.id)
            // URC runs once per run, at its first step.
            guard step.position == 1 else { continue }
            if isPriced {
                candidates[index].requestSimilarity = estimates.runSimilarity(of: model, to: models[best])
            } else {
                candidates[index].requestSimilarity = number(
                    estimates.requestSimilarity(of: model, to: models[best]), "urc", model.id)
            }
        }
        if let budget = context.remaining.budget {
            for index in able where candidates[index].worstCaseCost > budget {
                candidates[index].rejection =
                    "its highest possible bill of $\(candidates[index].worstCaseCost) does not fit the $\(budget) left"
            }
        }
        // At max_loss 0 the reference answers alone: no other answer may take its place.
        isTested =
            isPriced && context.policy.verify && context.policy.maxLoss > 0
            && estimates.judges(able.map { models[$0] })
        if isPriced {
            priced = PricedStep(
                able.map { candidates[$0] }, reference: candidates[best], models: models, estimates: estimates,
                isTested: isTested, position: step.position, context: context,
                usual: found == nil ? nil : able.map { whole[$0] })
            if let rest = priced?.rest { remarks.append("\(rest)") }
        }
        if context.policy.verify, let fault = estimates.judgeFault { remarks.append("verify: \(fault)") }
        self.estimates = estimates
        offersTools = step.text.tools != nil
        ways = stuck == nil ? found?.ways ?? [:] : [:]
        self.able = able
        self.remarks = remarks
        self.candidates = candidates
        // Whether it is affordable or not, since the others are compared with it.
        reference = candidates[best]
        wholeReferenceQuality = whole[best].prediction.quality
        self.models = models
        let payable = able.filter { candidates[$0].rejection == nil }
        affordable = payable.map { candidates[$0] }
        byQuality = payable.sorted { candidates[$1].isWorseReference(than: candidates[$0]) }.map {
            candidates[$0].model
        }
    }

    /// Qualities nearer than this are equal; the abler model is then the reference.
    static let equalQuality = 0.002
    /// The lead that another model needs over the kind's best one. The greatest of many predictions is optimistic, so a
    /// smaller lead is as often an error as an advantage.
    static let leastLead = 0.02

    /// The model that is expected to be best, among nearly equal ones the ablest by published scores.
    static func reference(_ pool: [Int], _ candidates: [Candidate]) -> Int? {
        guard let greatest = pool.map({ candidates[$0].prediction.quality }).max() else { return nil }
        let usual = pool.max { one, other in
            let left = (candidates[one].prediction.usual, candidates[one].prediction.ability ?? 0)
            let right = (candidates[other].prediction.usual, candidates[other].prediction.ability ?? 0)
            return left == right ? candidates[one].isWorseReference(than: candidates[other]) : left < right
        }
        if let usual, candidates[usual].prediction.quality > greatest - leastLead { return usual }
        return pool.filter { candidates[$0].prediction.quality >= greatest - equalQuality }.max { one, other in
            let left = candidates[one].prediction.ability ?? 0
            let right = candidates[other].prediction.ability ?? 0
            return left == right ? candidates[one].isWorseReference(than: candidates[other]) : left < right
        }
    }

    // MARK: Ways of asking

    /// The columns of a plan over some candidates: they themselves and, where a limit may make another way of a model
    /// the better one, its other ways.
    ///
    /// Without limits the best way of each model is known already. More effort than a model's own is bought for its
    /// worth alone, and never because there is money left.
    func columns(of candidates: [Candidate], in context: RoutingContext) -> [Candidate] {
        let hasLimits = context.remaining != Remaining() || context.policy.minAccuracy != nil
        guard !ways.isEmpty, hasLimits || context.policy.method != .weighted else { return candidates }
        let share = max(1, AskingWays.mostOfStep / max(candidates.count, 1))
        return candidates.flatMap { candidate -> [Candidate] in
            let own = (ways[candidate.model] ?? []).filter { way in
                !way.isSameWay(as: candidate) && context.remaining.budget.map { way.worstCaseCost <= $0 } ?? true
                    && (context.policy.minAccuracy != nil || !way.isMoreEffort)
            }
            return [candidate] + own.prefix(share - 1)
        }
    }

    /// Asks models in other ways from here on.
    mutating func take(_ chosen: [Candidate]) {
        for way in chosen {
            guard let index = candidates.firstIndex(where: { $0.model == way.model }),
                !candidates[index].isSameWay(as: way)
            else { continue }
            var way = way
            way.similarity =
                way.model == reference.model
                ? nil : Similarity.expected(way.prediction.quality, reference: reference.prediction.quality)
            way.requestSimilarity = candidates[index].requestSimilarity
            candidates[index] = way
            if let place = affordable.firstIndex(where: { $0.model == way.model }) { affordable[place] = way }
            priced?.take(way)
            if way.model == reference.model { reference = way }
        }
    }

    /// The other ways of a model, for a second answer of it.
    func furtherWays(of model: ModelID) -> [Candidate] {
        let now = candidates.first { $0.model == model }
        return (ways[model] ?? []).filter { way in now.map { !way.isSameWay(as: $0) } ?? false }
    }

    /// Lets every candidate pass, because the run's limits leave no room for the dial.
    mutating func relax() { priced = priced?.relaxed }

    /// The search for the next call by the readings of a judge; nil where none reads all answers.
    func nextCalls(in context: RoutingContext) -> NextCallSearch? {
        isTested ? search(in: context, isJudged: true) : nil
    }

    /// The search for the call after an answer: by a judge's readings, or by predictions and evidence alone. Nil where
    /// answers are not verified by their value.
    func callsAfterAnswer(in context: RoutingContext) -> NextCallSearch? {
        guard context.policy.verify, context.policy.maxLoss > 0 else { return nil }
        return search(in: context, isJudged: isTested)
    }

    private func search(in context: RoutingContext, isJudged: Bool) -> NextCallSearch? {
        guard let priced, !priced.isRelaxed else { return nil }
        return NextCallSearch(
            estimates: estimates, priced: priced,
            candidates: affordable.compactMap { candidate in model(candidate.model).map { (candidate, $0) } },
            remaining: context.remaining, isJudged: isJudged, furtherWays: furtherWays, offersTools: offersTools)
    }

    func model(_ id: ModelID) -> Model? { models.first { $0.id == id } }

    /// The predictors' estimates for the steps after a position.
    func lookAheadEstimates(position: Int) -> LookAheadEstimates {
        let estimates = estimates
        let models = models
        guard let reference = model(reference.model) else { return LookAheadEstimates() }
        @Sendable func place(_ model: ModelID) -> Int? { models.firstIndex { $0.id == model } }
        return LookAheadEstimates(
            similarity: { model, ahead, others in
                place(model).flatMap {
                    estimates.similarity(of: models[$0], ahead: ahead, to: reference, ahead: others)
                }
            },
            distance: { model in
                place(model).flatMap { estimates.distance(of: models[$0], to: reference, position: position) }
            })
    }

    /// The error if no candidate is affordable.
    func budgetError(_ context: RoutingContext) -> RoutingError {
        let least = (able.map { candidates[$0] } + ways.values.joined()).map(\.worstCaseCost).min() ?? .zero
        let left = context.remaining.budget ?? .zero
        let isSessions = context.policy.session.budget != nil && context.policy.budget.map { left < $0 } ?? true
        let name = isSessions ? "session_budget_usd" : "budget_usd"
        return .budgetSpent(
            "the $\(left) left of \(name) cannot pay the highest possible bill of any model; the least is $\(least): "
                + "raise \(name), or lower max_tokens")
    }
}

extension Prediction {
    /// Whether every amount is a finite number.
    var isNumber: Bool {
        quality.isFinite && deviation.isFinite && outputTokens.mean.isFinite && outputTokens.p95.isFinite
            && outputTokens.mean >= 0
    }
}
