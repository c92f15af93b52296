package import Domain
package import Routing

/// A simulation, not a measurement: a made-up stream of steps on which the controller is tried under drift.
///
/// Two models: a cheap one whose answers are as good as the reference's with probability q, and the reference. The
/// estimator says s, which was true when it was trained: q = s. Then the world drifts: the model gets worse (q = s - loss),
/// or traffic gets harder in a way that the estimator does not see (fewer easy steps, and q = s - blindness). The rule is
/// the live one; a share of the cheap model's steps is audited and paid for at the reference's price.
package struct Simulation: Sendable {
    package enum Drift: Hashable, Sendable, CaseIterable {
        case none
        /// From a third of the way on the cheap model loses quality.
        case worseModel
        /// From a third of the way on steps get harder.
        case harderTraffic
    }

    /// What came of it. Qualities are true ones, of every step, seen by nobody inside.
    package struct Outcome: Hashable, Sendable {
        /// Mean quality over the last third of the steps.
        package var finalQuality: Double
        /// Share of those that the cheap model did.
        package var finalCheapShare: Double
        /// Money of all steps and audits, as a share of what the reference alone would have cost.
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
    /// Cost of a step on the cheap model where one on the reference costs 1.
    package var cheapCost = 0.05
    package var seed: UInt64

    package init(drift: Drift, isControlled: Bool, seed: UInt64) {
        self.drift = drift
        self.isControlled = isControlled
        self.seed = seed
    }

    package func run() -> Outcome {
        var generator = TestRandom(state: seed)
        var controller = KappaController(target: target, rule: kappa)
        let reference = candidate("reference", similarity: nil)
        let settings = SequenceRule(stages: [.sse])
        var money = 0.0
        var (quality, cheapSteps) = (0.0, 0.0)
        let last = steps - steps / 3
        for index in 0..<steps {
            let isLate = index >= steps / 3
            let similarity = 0.3 + 0.7 * ease(generator.draw(), isLate: isLate)
            let cheap = candidate("cheap", similarity: similarity)
            var rule = SequentialRule()
            let action = rule.handle(
                .step(
                    RuleStep(
                        position: 2 + index % 5, order: [cheap, reference], reference: reference,
                        kappa: Kappa(kappa, offset: isControlled ? controller.offset : 0), settings: settings)))
            var isCheap = false
            if case .call(let verdict) = action { isCheap = verdict.model == cheap.model }
            let score = !isCheap || generator.draw() < truth(similarity, isLate: isLate) ? 1.0 : 0.0
            money += isCheap ? cheapCost : 1
            let model = isCheap ? cheap.model : reference.model
            controller.served(by: model)
            if !isCheap {
                controller.looked(at: model, score: 1, share: 1)
            } else if generator.draw() < auditShare {
                money += 1
                controller.looked(at: model, score: score, share: auditShare)
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

    /// How easy a step is, 0...1: evenly spread, later bent towards the hard end.
    private func ease(_ draw: Double, isLate: Bool) -> Double {
        isLate && drift == .harderTraffic ? draw * (0.5 + 0.5 * draw) : draw
    }

    /// The true chance that the cheap model's answer is as good as the reference's.
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

/// The same numbers for the same seed (SplitMix64).
private struct TestRandom {
    var state: UInt64

    /// Evenly spread over 0..<1.
    mutating func draw() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((mixed ^ (mixed >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
