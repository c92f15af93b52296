#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Keeps the mean loss of a policy's traffic below `max_loss` by raising the price of lost quality.
///
/// Predicted losses of served steps drive an integral controller: log factor += gain x (loss - max_loss) / max_loss, at
/// least 0. The fitted price already spends the whole loss, and predictions of chosen models are optimistic, so the
/// pace never lowers it. Audits add a second factor where the measured loss is above `max_loss` with 95 % confidence.
package struct LossPace: Hashable, Sendable {
    /// The dial that the pace belongs to.
    package let maxLoss: Double
    /// Mean predicted loss of the served steps; older steps fade.
    package private(set) var predictedLoss: Double
    /// Steps behind the mean, fading like it.
    package private(set) var steps: Double
    private var logFactor: Double
    private var measuredFactor = 1.0

    /// Move of the logarithm for a step that loses twice the dial.
    static let gain = 0.01
    /// Greatest multiple of the fitted price.
    package static let greatestFactor = 8.0
    /// Steps after which a step counts e times less.
    static let memory = 2000.0

    package init(maxLoss: Double, predictedLoss: Double = 0, steps: Double = 0, factor: Double = 1) {
        self.maxLoss = maxLoss
        self.predictedLoss = predictedLoss.isFinite ? predictedLoss : 0
        self.steps = steps.isFinite ? max(0, steps) : 0
        logFactor = Self.bounded(factor.isFinite && factor > 0 ? log(factor) : 0)
    }

    /// The multiple of the fitted price.
    package var factor: Double { min(pacedFactor * measuredFactor, Self.greatestFactor) }

    /// The part of the factor that predicted losses drive, at least 1.
    package var pacedFactor: Double { exp(logFactor) }

    /// Records a served step.
    ///
    /// - Parameter loss: predicted quality of the reference less that of the model that answered.
    package mutating func recordServed(loss: Double) {
        guard loss.isFinite else { return }
        steps = min(steps + 1, Self.memory)
        predictedLoss += (loss - predictedLoss) / steps
        guard maxLoss > 0 else { return }
        let excess = min(max((loss - maxLoss) / maxLoss, -1), 10)
        logFactor = Self.bounded(logFactor + Self.gain * excess)
    }

    /// Takes the measured quality of all audits into account.
    package mutating func recordMeasured(_ estimate: QualityEstimate) {
        let least = 1 - estimate.interval.upper
        measuredFactor = maxLoss > 0 && least > maxLoss ? min(least / maxLoss, Self.greatestFactor) : 1
    }

    private static func bounded(_ value: Double) -> Double { min(max(value, 0), log(greatestFactor)) }
}
