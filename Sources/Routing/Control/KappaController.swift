package import Domain

/// Moves kappa so that measured quality meets a target: an integral controller on the scores of sampled steps.
///
/// offset += gain x weight x (target - score), weight = 1 / (sampling probability), clamped to the offsets that have an
/// effect (anti-windup: beyond them kappa is at its floor or cap anyway). While the offset stays inside its bounds, the
/// weighted mean of the scores over N steps is within (width of the bounds) / (gain x N) of the target, for all
/// data. The sum of the errors is the distance that the offset has moved, over the gain (the argument of adaptive
/// conformal inference, Gibbs and Candes 2021).
package struct KappaController: Hashable, Sendable {
    /// Target quality, 0...1.
    package let target: Double
    /// Offset per unit of missing quality and step. At .002 a shortfall of .1 moves kappa by .1 in 500 steps, the
    /// rhythm of the paper's continual tuning.
    package let gain: Double
    package let bounds: ClosedRange<Double>
    /// The largest move by one score, so that a rare sample of large weight does not make kappa jump.
    package let greatestMove: Double
    /// The current addend of kappa (`RoutingContext.kappaOffset`).
    package private(set) var offset: Double
    package private(set) var estimate: QualityEstimate

    package static let standardGain = 0.002

    /// - Parameters:
    ///   - rule: its floor and cap bound the offset.
    ///   - offset: the offset of an earlier run of the service.
    ///   - estimate: that run's measurements under this target.
    package init(
        target: Double, rule: KappaRule, gain: Double = KappaController.standardGain, greatestMove: Double = 0.02,
        memory: Double = 2000, offset: Double = 0, estimate: QualityEstimate? = nil
    ) {
        self.target = target
        self.gain = gain
        self.greatestMove = greatestMove
        let ends = [rule.kappa(at: 1), rule.kappa(at: KappaRule.lastRisingPosition)]
        let lower = min(rule.floor - (ends.max() ?? rule.floor), 0)
        bounds = lower...max(rule.cap - (ends.min() ?? rule.cap), lower, 0)
        self.offset = offset.isFinite ? min(max(offset, bounds.lowerBound), bounds.upperBound) : 0
        self.estimate = estimate ?? QualityEstimate(memory: memory)
    }

    /// Counts a step that a model served.
    package mutating func recordServed(by model: ModelID) { estimate.recordServed(model.rawValue) }

    /// Records the score of a sampled step.
    ///
    /// - Parameter probability: its sampling probability; 1 for steps whose score is known without sampling, such as
    ///   the reference's own if quality is relative to it.
    package mutating func recordSample(of model: ModelID, score: Double, probability: Double) {
        guard score.isFinite, probability.isFinite, probability > 0 else { return }
        estimate.recordSample(of: model.rawValue, score: score, probability: probability)
        let move = gain / min(probability, 1) * (target - min(max(score, 0), 1))
        let kept = min(max(move, -greatestMove), greatestMove)
        offset = min(max(offset + kept, bounds.lowerBound), bounds.upperBound)
    }

    /// The state of the target, for operators.
    package var status: String {
        guard let mean = estimate.mean else { return "no step was looked at yet; kappa is the policy's" }
        let interval = estimate.interval
        let measured =
            "measured quality \(Decimals.two(mean)) (95 %: \(Decimals.two(interval.lower)) to "
            + "\(Decimals.two(interval.upper))), target \(Decimals.two(target)); kappa "
            + (offset < 0 ? "lowered by " : "raised by ") + Decimals.two(abs(offset))
        if offset >= bounds.upperBound, interval.upper < target {
            return measured + ", its cap: raise kappa.cap, or lower min_accuracy"
        }
        return measured
    }
}
