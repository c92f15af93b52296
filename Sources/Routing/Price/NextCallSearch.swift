import Domain
import Estimation

/// What the next call of a step is searched among, before its answers are looked at.
struct NextCallSearch {
    let estimates: any StepEstimates
    let priced: PricedStep
    /// The callable candidates with their models, in one order.
    let candidates: [(candidate: Candidate, model: Model)]
    let remaining: Remaining
    /// Whether a judge reads the answers of all candidates; else predictions and evidence stand alone.
    var isJudged = true
    /// The other ways of asking a model.
    var furtherWays: (ModelID) -> [Candidate] = { _ in [] }
    /// Models that were asked in a second way already.
    var askedAgain: Set<ModelID> = []
    /// Whether the request offers tools.
    var offersTools = false

    /// Models considered for the next call: the most valuable ones, since time grows with the square of their number.
    static let breadth = 12

    /// The answers with what is believed of every model.
    ///
    /// - Parameter answers: the paid answers in the order of the calls.
    /// - Returns: nil where no judge covers the text and no evidence weighs, or nothing can be called.
    func weighed(
        _ answers: [(model: Model, output: String)], seen: SeenEvidence = SeenEvidence()
    ) -> WeighedAnswers? {
        guard priced.price > 0 else { return nil }
        let candidates = nearest(answers)
        let mayAskAgain = answers.last.map { !furtherWays($0.model.id).isEmpty } ?? false
        guard candidates.count > 1 || mayAskAgain else { return nil }
        return WeighedAnswers(answers, of: candidates, seen: seen, in: self)
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

    /// Whether the run's money and time suffice for one more call after those that were made.
    func fits(_ next: Candidate, after made: [Candidate]) -> Bool {
        if remaining.budget == nil, remaining.seconds == nil { return true }
        let calls = made + [next]
        if let budget = remaining.budget,
            calls.reduce(0.0, { $0 + Double($1.worstCaseCost.nanoUSD) }) > Double(budget.nanoUSD)
        {
            return false
        }
        return remaining.seconds.map { calls.reduce(0.0) { $0 + $1.latencySeconds } <= $0 } ?? true
    }

    /// Row k, column m: the coupling of the errors of k and m.
    func couplings(_ models: [Model]) -> [Float] {
        var couplings: [Float] = []
        couplings.reserveCapacity(models.count * models.count)
        for one in models {
            for other in models { couplings.append(Float(estimates.coupling(of: one, to: other))) }
        }
        return couplings
    }
}
