package import Domain
package import Routing

/// A simulation, not a measurement: a synthetic stream of steps that tests the controller under drift.
///
/// Two models: a cheap one whose answers match the reference's with probability q, and the reference. The estimator's s
/// was calibrated at training time: q = s. Then the data drifts. The model gets worse (q = s - loss), or traffic gets
/// harder unnoticed by the estimator (fewer easy steps, and q = s - blindness). The rule is the live one. A share of
/// the cheap model's steps is audited at the reference's price.
package struct Simulation: Sendable {
    package enum Drift: Hashable, Sendable, CaseIterable {
        case none
        /// After a third of the steps the cheap model loses quality.
        case worseModel
        /// After a third of the steps they get harder.
        case harderTraffic
    }

    /// The result. Qualities are the true ones of every step, which the controller cannot see.
    package struct Outcome: Hashable, Sendable {
        /// Mean quality over the last third of the steps.
        package var finalQuality: Double
        /// The cheap model's share of those steps.
        package var finalCheapShare: Double
        /// Money of all steps and audits, as a share of the reference's cost for all steps.
        package var moneyShare: Double
        package var offset: Double
        package var estimate: QualityEstimate
    }

    package var steps = 18_000
    package var target = 0.9
    package var auditShare = 0.1
    package var drift: Drift
    package var isControlled: Bool
    package var kappa = KappaRule(base: 0.6, slope: 0.02, cap: 0.95, floor: 0.4, bends: false)
    package var loss = 0.25
    package var blindness = 0.2
    /// Cost of a step on the cheap model, relative to the reference.
    package var cheapCost = 0.05
    package var seed: UInt64

    package init(drift: Drift, isControlled: Bool, seed: UInt64) {
        self.drift = drift
        self.isControlled = isControlled
        self.seed = seed
    }

    package func run() -> Outcome {
        var generator = SeededGenerator(seed: seed)
        var controller = KappaController(target: target, rule: kappa)
        let reference = candidate("reference", similarity: nil)
        let settings = SequenceRule(stages: [.sse])
        var money = 0.0
        var (quality, cheapSteps) = (0.0, 0.0)
        let last = steps - steps / 3
        for index in 0..<steps {
            let isLate = index >= steps / 3
            let similarity = 0.3 + 0.7 * ease(generator.unit(), isLate: isLate)
            let cheap = candidate("cheap", similarity: similarity)
            var rule = SequentialRule()
            let action = rule.handle(
                .step(
                    RuleStep(
                        position: 2 + index % 5, order: [cheap, reference], reference: reference,
                        kappa: Kappa(kappa, offset: isControlled ? controller.offset : 0), settings: settings)))
            var isCheap = false
            if case .call(let verdict) = action { isCheap = verdict.model == cheap.model }
            let score = !isCheap || generator.unit() < truth(similarity, isLate: isLate) ? 1.0 : 0.0
            money += isCheap ? cheapCost : 1
            let model = isCheap ? cheap.model : reference.model
            controller.recordServed(by: model)
            if !isCheap {
                controller.recordSample(of: model, score: 1, probability: 1)
            } else if generator.unit() < auditShare {
                money += 1
                controller.recordSample(of: model, score: score, probability: auditShare)
            }
            if index >= last {
                quality += score
                cheapSteps += isCheap ? 1 : 0
            }
        }
        let counted = Double(steps - last)
        return Outcome(
            finalQuality: quality / counted, finalCheapShare: cheapSteps / counted, moneyShare: money / Double(steps),
            offset: controller.offset, estimate: controller.estimate)
    }

    /// How easy a step is, 0...1: uniform, later skewed to the hard end.
    private func ease(_ draw: Double, isLate: Bool) -> Double {
        isLate && drift == .harderTraffic ? draw * (0.5 + 0.5 * draw) : draw
    }

    /// The true probability that the cheap model's answer is as good as the reference's.
    private func truth(_ similarity: Double, isLate: Bool) -> Double {
        guard isLate else { return similarity }
        switch drift {
        case .none: return similarity
        case .worseModel: return max(similarity - loss, 0)
        case .harderTraffic: return max(similarity - blindness, 0)
        }
    }

    private func candidate(_ name: String, similarity: Double?) -> Candidate {
        Candidate(
            model: ModelID(name), placement: .cloud,
            prediction: Prediction(
                quality: similarity ?? 1, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 1),
                basis: .prior(.medium)),
            similarity: similarity, cost: .zero, worstCaseCost: .zero, latencySeconds: 0, energyJoules: 0)
    }
}
