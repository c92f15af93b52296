/// Decides after every step of a run: continue, accept the result, or abandon it and start another model.
///
/// The value is expected success less `weight` times expected dollars. A continued run is worth its P(success) less its
/// remaining cost, plus the value of a restart if it fails and the failure is detected (with probability
/// `detectionRate`). Starting model k after evidence on run m is worth the same for k, with P(k succeeds) corrected by
/// m's state: p_m P(k | m succeeds) + (1 - p_m) P(k | m fails), from the pair's coupling.
package struct RestartPolicy: Sendable {
    /// The success that a dollar is worth.
    package var weight: Double
    /// Probability that the failure of a run is recognised at its end.
    package var detectionRate: Double
    /// Maximum number of models tried.
    package var tries: Int
    /// The least gain for a switch, because the greatest estimate is biased upwards.
    package var margin: Double

    package init(weight: Double, detectionRate: Double = 0.7, tries: Int = 3, margin: Double = 0) {
        self.weight = weight
        self.detectionRate = detectionRate
        self.tries = tries
        self.margin = margin
    }

    /// Models considered for the time after a failure.
    package static let breadth = 3

    /// A task as input of the policy.
    package struct Task: Sendable {
        /// By model: P(success) at the start, and the expected cost of a whole run.
        package var start: [Double]
        /// By model: the expected cost of a whole run, in the unit that `weight` is the price of.
        package var costUSD: [Double]
        /// Row k, column m: the coupling of the failures of k and m.
        package var couplings: [Float]

        package init(start: [Double], costUSD: [Double], couplings: [Float]) {
            self.start = start
            self.costUSD = costUSD
            self.couplings = couplings
        }
    }

    /// The best model to start with, and its value; nil where none is left.
    ///
    /// What follows a failure is searched among the few models that are best alone.
    package func best(
        _ task: Task, probabilities: [Double], untried: [Int], tries: Int, breadth: Int = .max
    ) -> (model: Int, value: Double)? {
        var found: (model: Int, value: Double)?
        var candidates = untried
        if candidates.count > breadth {
            candidates.sort {
                let left = probabilities[$0] - weight * task.costUSD[$0]
                let right = probabilities[$1] - weight * task.costUSD[$1]
                return (left, $1) > (right, $0)
            }
            candidates.removeLast(candidates.count - breadth)
        }
        for model in candidates {
            let p = probabilities[model]
            var value = p - weight * task.costUSD[model]
            let rest = untried.filter { $0 != model }
            if tries > 1, !rest.isEmpty {
                let after = corrected(task, probabilities, by: model, to: 0)
                if let next = best(task, probabilities: after, untried: rest, tries: tries - 1, breadth: Self.breadth) {
                    value += (1 - p) * detectionRate * max(0, next.value)
                }
            }
            if value > found?.value ?? -.infinity { found = (model, value) }
        }
        return found
    }

    /// Every model's P(success), corrected for the change of one model from its start probability to `now`.
    package func corrected(_ task: Task, _ probabilities: [Double], by model: Int, to now: Double) -> [Double] {
        let p = probabilities[model]
        let width = probabilities.count
        return probabilities.indices.map { other in
            let q = probabilities[other]
            let coupling = Double(task.couplings[other * width + model])
            // P(model good, other bad), between independence and nesting.
            let onlyModel = (1 - coupling) * p * (1 - q) + coupling * max(0, p - q)
            let givenGood = p > 1e-6 ? 1 - onlyModel / p : q
            let givenBad = p < 1 - 1e-6 ? (q - (p - onlyModel)) / (1 - p) : q
            return min(max(now * givenGood + (1 - now) * givenBad, 0.001), 0.999)
        }
    }
}
