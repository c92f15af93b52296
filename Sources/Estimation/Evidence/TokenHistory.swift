#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A model's own usual token probabilities, against which an answer of it is measured.
///
/// A sharp model is certain of everything and a soft one of nothing, so only the distance from a model's own history
/// says something. Means and deviations decay, so that a server's update is followed.
package struct TokenHistory: Sendable {
    /// Answers after which an answer has lost most of its weight.
    private static let memory = 200.0
    /// Answers that the values before the first one weigh.
    private static let priorWeight = 8.0

    /// Mean and mean square of a figure.
    private struct Moments: Sendable {
        var mean: Double
        var square: Double
        var weight = TokenHistory.priorWeight

        init(mean: Double, deviation: Double) {
            self.mean = mean
            square = mean * mean + deviation * deviation
        }

        var deviation: Double { max(square - mean * mean, 1e-6).squareRoot() }

        mutating func record(_ value: Double) {
            weight = min(weight + 1, TokenHistory.memory)
            mean += (value - mean) / weight
            square += (value * value - square) / weight
        }
    }

    // Before a model's first answer: the answers of the measurement that the weights come from (docs/internals/deep).
    private var mean = Moments(mean: -0.5, deviation: 0.5)
    private var least = Moments(mean: -2.0, deviation: 1.2)
    private var ending = Moments(mean: -0.5, deviation: 0.5)
    private var decisionEntropy = Moments(mean: 0.6, deviation: 0.45)

    package init() {}

    /// Learns from an answer.
    package mutating func record(_ evidence: TokenEvidence) {
        mean.record(evidence.mean)
        least.record(evidence.least)
        ending.record(evidence.ending)
        if let entropy = evidence.decisionEntropy { decisionEntropy.record(entropy) }
    }

    /// An answer's deviations from the model's usual figures; higher means more certain. Bounded, since tails lie.
    package func standing(of evidence: TokenEvidence) -> TokenStanding {
        func deviations(_ value: Double, _ moments: Moments) -> Double {
            min(max((value - moments.mean) / moments.deviation, -3), 3)
        }
        return TokenStanding(
            mean: deviations(evidence.mean, mean), least: deviations(evidence.least, least),
            ending: deviations(evidence.ending, ending),
            decision: evidence.decisionEntropy.map { -deviations($0, decisionEntropy) } ?? 0)
    }
}

/// An answer's token probabilities in deviations from its model's usual ones; higher means more certain.
package struct TokenStanding: Hashable, Sendable {
    /// Of the mean.
    package let mean: Double
    /// Of the least one.
    package let least: Double
    /// Recorded only: it told nothing beyond the others.
    package let ending: Double
    /// 0 where nothing was decided.
    package let decision: Double

    /// Change of the log-odds of a right answer. The weights were fitted on answers of one model
    /// (docs/internals/deep/evidence.md).
    package var logOdds: Double {
        Self.shrink
            * (Self.weights.mean * mean + Self.weights.least * least + Self.weights.decision * decision)
    }

    private static let weights = (mean: 0.1, least: 0.6, decision: 0.5)
    /// For models and texts other than those of the fit.
    private static let shrink = 0.7
}
