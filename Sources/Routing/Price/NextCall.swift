package import Domain

/// What follows the answers of a step, by the value of one more answer against its price.
package enum NextCall: Hashable, Sendable {
    /// Ask this model: with its answer, the step is expected to be worth more than the call takes.
    case ask(ModelID)
    /// Keep this model's answer: no further one is worth its price.
    case keep(ModelID, correctness: Double)
}

/// Finds the next call of a step whose answers a judge can score.
struct NextCallSearch {
    let estimates: any StepEstimates
    let priced: PricedStep
    /// The callable candidates with their models, in one order.
    let candidates: [(candidate: Candidate, model: Model)]
    let remaining: Remaining

    /// Models considered for the next call: the most valuable ones, since time grows with the square of their number.
    static let breadth = 12

    /// - Parameter answers: the paid answers in the order of the calls.
    /// - Returns: nil where no judge covers the text, or nothing can be called.
    func next(after answers: [(model: Model, output: String)]) -> NextCall? {
        let candidates = nearest(answers)
        let models = candidates.map(\.model)
        guard priced.price > 0, models.count > 1,
            let correctness = estimates.correctness(of: models, given: answers)
        else { return nil }
        let asked = models.indices.filter { index in answers.contains { $0.model.id == models[index].id } }
        let open = models.indices.filter { !asked.contains($0) && fits($0, after: asked, of: candidates) }
        let policy = CascadePolicy(weight: 1 / priced.price, detectionRate: estimates.detectionRate)
        let burdens = models.map { priced.burden($0.id) }
        guard
            let move = policy.move(
                correctness: correctness, costUSD: burdens, couplings: couplings(models), open: open, asked: asked)
        else { return nil }
        switch move {
        case .ask(let index): return .ask(models[index].id)
        case .keep(let index): return .keep(models[index].id, correctness: correctness[index])
        }
    }

    /// The models that have answered and the most valuable others.
    private func nearest(_ answers: [(model: Model, output: String)]) -> [(candidate: Candidate, model: Model)] {
        guard candidates.count > Self.breadth else { return candidates }
        let asked = candidates.filter { known in answers.contains { $0.model.id == known.model.id } }
        let others = candidates.filter { known in !answers.contains { $0.model.id == known.model.id } }
            .map { (known: $0, value: priced.value($0.candidate)) }
            .sorted { ($0.value, $1.known.candidate.model) > ($1.value, $0.known.candidate.model) }
        return asked + others.prefix(max(1, Self.breadth - asked.count)).map(\.known)
    }

    /// Whether one more call keeps the run's money and time after the calls that were made.
    private func fits(
        _ index: Int, after asked: [Int], of candidates: [(candidate: Candidate, model: Model)]
    ) -> Bool {
        if let budget = remaining.budget {
            let called = asked + [index]
            let most = called.reduce(0.0) { $0 + Double(candidates[$1].candidate.worstCaseCost.nanoUSD) }
            if most > Double(budget.nanoUSD) { return false }
        }
        if let seconds = remaining.seconds {
            let spent = asked.reduce(0.0) { $0 + candidates[$1].candidate.latencySeconds }
            if spent + candidates[index].candidate.latencySeconds > seconds { return false }
        }
        return true
    }

    private func couplings(_ models: [Model]) -> [Float] {
        models.flatMap { one in models.map { other in Float(estimates.coupling(of: one, to: other)) } }
    }
}
