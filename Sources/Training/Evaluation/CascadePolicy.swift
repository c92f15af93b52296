/// Asks models one after the other, and stops when another answer is not worth its price.
///
/// Everything is weighed by the probability of a right answer less `weight` times dollars. With q for the best answer in
/// hand, asking model j is worth
///   -weight c_j + q (s + (1 - s) p_j|right) + (1 - q) s (p_j|wrong + (1 - p_j|wrong) F),
/// where s is how often right and wrong are told apart, p_j|right and p_j|wrong are j's probability should the answer in
/// hand be right or wrong (from the pair's coupling), and F what could still be had from the models left. Stopping is
/// worth q. Value of information in the sense of Howard (1966); cascade routing (Dekoninck 2025) with an explicit look
/// ahead.
struct CascadePolicy: Sendable {
    /// Right answers that a dollar is worth.
    var weight: Double
    var sight: Double
    /// Models asked at most.
    var most = 4

    /// What is to be done next.
    enum Move: Equatable {
        case ask(Int)
        case keep(Int)
    }

    /// - Parameters:
    ///   - judged: by model, the probability of being right: of the answer where it was asked, else of one it would give.
    ///   - open: models that can still be asked.
    ///   - asked: models that answered.
    func move(
        judged: [Double], costUSD: [Double], couplings: [Float], open: [Int], asked: [Int]
    ) -> Move? {
        let best = asked.max { (judged[$0], $1) < (judged[$1], $0) }
        let left = most - asked.count
        let ahead = RestartPolicy(weight: weight, sight: sight)
        let task = RestartPolicy.Task(start: judged, costUSD: costUSD, couplings: couplings)
        guard let best else {
            return ahead.best(task, probabilities: judged, untried: open, tries: min(left, 3)).map { .ask($0.model) }
        }
        let q = judged[best]
        if left <= 0 { return .keep(best) }
        let ifRight = ahead.corrected(task, judged, by: best, to: 1)
        let ifWrong = ahead.corrected(task, judged, by: best, to: 0)
        var chosen: (model: Int, value: Double)?
        for model in open {
            var rest = 0.0
            if left > 1 {
                let after = ahead.corrected(task, ifWrong, by: model, to: 0)
                rest =
                    ahead.best(
                        task, probabilities: after, untried: open.filter { $0 != model }, tries: min(left - 1, 2),
                        breadth: RestartPolicy.breadth)?
                    .value ?? 0
            }
            let value =
                q * (sight + (1 - sight) * ifRight[model])
                + (1 - q) * sight * (ifWrong[model] + (1 - ifWrong[model]) * max(0, rest))
                - weight * costUSD[model]
            if value > chosen?.value ?? -.infinity { chosen = (model, value) }
        }
        if let chosen, chosen.value > q + 1e-9 { return .ask(chosen.model) }
        return .keep(best)
    }
}
