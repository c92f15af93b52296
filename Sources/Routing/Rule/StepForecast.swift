import Core

/// Everything that is predicted of a step before anybody is called.
struct StepForecast: Sendable {
    let estimates: any StepEstimates
    /// One a model of the context, in its order.
    private(set) var candidates: [Candidate]
    /// The candidate with the best predicted quality.
    let reference: Candidate
    /// Estimates that were no numbers, in words.
    private(set) var remarks: [String] = []
    private let models: [ModelID: Model]
    private let able: [Int]

    /// - Throws: `.noCandidate` where no model can serve the step.
    init(of step: Step, by estimator: any Estimating, in context: RoutingContext) throws(RoutingError) {
        let models = context.models.map(\.model)
        let estimates = estimator.estimates(of: step.text, for: models)
        var remarks: [String] = []
        var candidates = Candidates.of(step, in: context) { model in
            let prediction = estimates.prediction(for: model)
            if prediction.isNumber { return prediction }
            remarks.append(
                "estimate: no number was predicted for \(model.id); the prior of its \(model.tier.rawValue) tier stands in"
            )
            return TierPrior.prediction(of: model.tier)
        }
        let able = candidates.indices.filter { candidates[$0].rejection == nil }
        guard let best = able.max(by: { candidates[$0].isWorseReference(than: candidates[$1]) }) else {
            throw .noCandidate(candidates.map { ($0.model, $0.rejection ?? "") })
        }
        func number(_ value: Double, _ test: String, _ model: ModelID) -> Double? {
            if value.isFinite { return value }
            remarks.append("\(Finding.noNumber(test, model))")
            return nil
        }
        for index in able where index != best {
            let model = models[index]
            candidates[index].similarity = number(
                estimates.stepSimilarity(of: model, to: models[best]), "sse", model.id)
            // URC looks at a run once, at its first step.
            guard step.position == 1 else { continue }
            candidates[index].requestSimilarity = number(
                estimates.requestSimilarity(of: model, to: models[best]), "urc", model.id)
        }
        if let budget = context.remaining.budget {
            for index in able where candidates[index].worstCaseCost > budget {
                candidates[index].rejection =
                    "its highest possible bill of $\(candidates[index].worstCaseCost) does not fit the $\(budget) left"
            }
        }
        self.estimates = estimates
        self.able = able
        self.remarks = remarks
        self.candidates = candidates
        // As it is whether it can be paid for or not: it stays what the others are compared with.
        reference = candidates[best]
        self.models = Dictionary(models.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The candidates that can serve and whose highest possible bill fits what is left.
    var affordable: [Candidate] { able.map { candidates[$0] }.filter { $0.rejection == nil } }

    func model(_ id: ModelID) -> Model? { models[id] }

    /// What the predictors see ahead of a position.
    func outlook(position: Int) -> Outlook {
        let estimates = estimates
        let models = models
        guard let reference = models[reference.model] else { return Outlook() }
        return Outlook(
            similarity: { model, ahead, others in
                models[model].flatMap { estimates.similarity(of: $0, ahead: ahead, to: reference, ahead: others) }
            },
            distance: { model in
                models[model].flatMap { estimates.distance(of: $0, to: reference, position: position) }
            })
    }

    /// The error where no candidate is affordable.
    func tooDear(_ context: RoutingContext) -> RoutingError {
        let least = able.map { candidates[$0].worstCaseCost }.min() ?? .zero
        let left = context.remaining.budget ?? .zero
        return .budgetSpent(
            "the $\(left) left of budget_usd cannot pay the highest possible bill of any model; the least is $\(least): "
                + "raise budget_usd, or lower max_tokens")
    }
}

extension Prediction {
    /// Whether every figure is a number that can be reckoned with.
    var isNumber: Bool {
        quality.isFinite && deviation.isFinite && outputTokens.mean.isFinite && outputTokens.p95.isFinite
            && outputTokens.mean >= 0
    }
}
