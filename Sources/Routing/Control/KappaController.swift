package import Domain

/// Moves kappa so that measured quality meets a target: an integral controller on the scores of the steps looked at.
///
/// offset += gain x weight x (target - score), weight = 1 / (chance of being looked at), kept within the offsets that
/// have an effect (anti-windup by clamping: beyond them kappa stands at its floor or cap anyway). While the offset stays
/// inside its bounds, the weighted mean of the scores over N steps is within (width of the bounds) / (gain x N) of the
/// target whatever the world does: the sum of the errors is the distance the offset has moved, over the gain (the
/// argument of adaptive conformal inference, Gibbs and Candes 2021).
package struct KappaController: Hashable, Sendable {
    /// Least quality wanted, 0...1.
    package let target: Double
    /// Offset per unit of missing quality and step. At .002 a shortfall of .1 moves kappa by .1 in 500 steps, the rhythm
    /// of the paper's continual tuning.
    package let gain: Double
    package let bounds: ClosedRange<Double>
    /// The greatest move by one score, so that a rare look with a great weight does not throw kappa about.
    package let greatestMove: Double
    /// What to add to kappa now (`RoutingContext.kappaOffset`).
    package private(set) var offset: Double
    package private(set) var estimate: QualityEstimate

    package static let standardGain = 0.002

    /// - Parameters:
    ///   - rule: its floor and cap bound the offset.
    ///   - offset: where an earlier run of the service had got to.
    ///   - estimate: what it had measured under this target.
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
    package mutating func served(by model: ModelID) { estimate.served(model.rawValue) }

    /// Takes in the score of a step that was looked at.
    ///
    /// - Parameter share: the chance with which it was looked at; 1 for steps whose score is known without looking, such
    ///   as the reference's own where quality is counted against it.
    package mutating func looked(at model: ModelID, score: Double, share: Double) {
        guard score.isFinite, share.isFinite, share > 0 else { return }
        estimate.looked(at: model.rawValue, score: score, share: share)
        let move = gain / min(share, 1) * (target - min(max(score, 0), 1))
        let kept = min(max(move, -greatestMove), greatestMove)
        offset = min(max(offset + kept, bounds.lowerBound), bounds.upperBound)
    }

    /// Where the target stands, in words.
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
