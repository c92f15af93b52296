/// Calls models one after the other, and stops when another answer is not worth its price.
///
/// The value is the probability of a right answer less `weight` times dollars. With q for the best answer so far,
/// calling model j is worth
///
///     -weight c_j + q (s + (1 - s) p_j|right) + (1 - q) s (p_j|wrong + (1 - p_j|wrong) F)
///
/// with s the probability of telling right from wrong. p_j|right and p_j|wrong are j's probabilities if the answer so
/// far is right or wrong (from the pair's coupling). F is the value of the remaining models. Stopping is worth q. This is
/// the value of information (Howard 1966): cascade routing (Dekoninck 2025) with an explicit look-ahead.
package struct CascadePolicy: Sendable {
    /// Right answers that a dollar is worth.
    package var weight: Double
    /// Probability that a wrong answer is recognised.
    package var detectionRate: Double
    /// Maximum number of calls.
    package var most: Int

    package init(weight: Double, detectionRate: Double, most: Int = 4) {
        self.weight = weight
        self.detectionRate = detectionRate
        self.most = most
    }

    /// The next action.
    package enum Move: Hashable, Sendable {
        case ask(Int)
        case keep(Int)
    }

    /// - Parameters:
    ///   - correctness: by model, the probability of being right: of its answer, or of one that it would give.
    ///   - open: models not called yet.
    ///   - asked: models that answered.
    package func move(
        correctness: [Double], costUSD: [Double], couplings: [Float], open: [Int], asked: [Int]
    ) -> Move? {
        valued(correctness: correctness, costUSD: costUSD, couplings: couplings, open: open, asked: asked)?.move
    }

    /// The next action with its value; see `move`.
    package func valued(
        correctness: [Double], costUSD: [Double], couplings: [Float], open: [Int], asked: [Int]
    ) -> (move: Move, value: Double)? {
        let best = asked.max { (correctness[$0], $1) < (correctness[$1], $0) }
        let left = most - asked.count
        let ahead = RestartPolicy(weight: weight, detectionRate: detectionRate)
        let task = RestartPolicy.Task(start: correctness, costUSD: costUSD, couplings: couplings)
        guard let best else {
            return ahead.best(task, probabilities: correctness, untried: open, tries: min(left, 3)).map {
                (.ask($0.model), $0.value)
            }
        }
        let q = correctness[best]
        if left <= 0 { return (.keep(best), q) }
        let ifRight = ahead.corrected(task, correctness, by: best, to: 1)
        let ifWrong = ahead.corrected(task, correctness, by: best, to: 0)
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
                q * (detectionRate + (1 - detectionRate) * ifRight[model])
                + (1 - q) * detectionRate * (ifWrong[model] + (1 - ifWrong[model]) * max(0, rest))
                - weight * costUSD[model]
            if value > chosen?.value ?? -.infinity { chosen = (model, value) }
        }
        if let chosen, chosen.value > q + 1e-9 { return (.ask(chosen.model), chosen.value) }
        return (.keep(best), q)
    }
}
