/// What is known of a model's answer to a step before anybody is paid.
package struct Prediction: Hashable, Sendable {
    /// Probability, 0...1, that the answer is acceptable.
    package var quality: Double
    /// Standard deviation of `quality` as an estimate (not of the outcome).
    package var deviation: Double
    package var outputTokens: OutputTokens
    /// How fast the model answered where it was recorded; nil where the catalog's figure has to do.
    package var speed: AnswerSpeed?
    package var basis: PredictionBasis

    package init(
        quality: Double, deviation: Double, outputTokens: OutputTokens, speed: AnswerSpeed? = nil,
        basis: PredictionBasis
    ) {
        self.quality = quality
        self.deviation = deviation
        self.outputTokens = outputTokens
        self.speed = speed
        self.basis = basis
    }
}

/// The expected length of an answer, in tokens.
package struct OutputTokens: Hashable, Sendable {
    package var mean: Double
    /// 95 of 100 answers are not longer.
    package var p95: Double

    package init(mean: Double, p95: Double) {
        self.mean = mean
        self.p95 = p95
    }
}

/// The time that an answer takes, as recorded calls had it.
package struct AnswerSpeed: Hashable, Sendable {
    /// Everything that does not grow with the answer: network, queue and prefill.
    package var firstTokenSeconds: Double
    package var secondsPerToken: Double

    package init(firstTokenSeconds: Double, secondsPerToken: Double) {
        self.firstTokenSeconds = firstTokenSeconds
        self.secondsPerToken = secondsPerToken
    }

    package func seconds(outputTokens: Double) -> Double { firstTokenSeconds + secondsPerToken * outputTokens }
}

/// Where a prediction comes from.
package enum PredictionBasis: Hashable, Sendable, CustomStringConvertible {
    /// Trained estimators, by the profile's name.
    case profile(ModelID)
    /// No profile: the average of the model's published class.
    case prior(QualityTier)

    package var description: String {
        switch self {
        case .profile(let name): "profile \(name)"
        case .prior(let tier): "prior of the \(tier.rawValue) tier"
        }
    }
}
