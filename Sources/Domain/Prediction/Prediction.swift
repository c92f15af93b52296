/// The prediction of a model's answer to a step, before any call.
package struct Prediction: Hashable, Sendable {
    /// Probability, 0...1, that the answer is acceptable.
    package var quality: Double
    /// Standard deviation of `quality` as an estimate (not of the outcome).
    package var deviation: Double
    /// The expected length of the answer.
    package var outputTokens: OutputTokens
    /// The recorded speed of the model; nil to use the catalog's.
    package var speed: AnswerSpeed?
    /// The source of the prediction.
    package var basis: PredictionBasis
    /// The model's expected mean quality, 0...1, over texts of this kind. Two texts of one kind have the same.
    package var usual: Double
    /// The model's general ability in points of the Epoch Capabilities Index; nil where unknown.
    package var ability: Double?
    /// The share of the text, 0...1, that is like kinds of questions with recorded answers. General ability predicts
    /// the rest. Nil where general ability has no part in the prediction.
    package var knownShare: Double?

    /// - Parameter usual: `quality` by default.
    package init(
        quality: Double, deviation: Double, outputTokens: OutputTokens, speed: AnswerSpeed? = nil,
        basis: PredictionBasis, usual: Double? = nil, ability: Double? = nil, knownShare: Double? = nil
    ) {
        self.quality = quality
        self.deviation = deviation
        self.outputTokens = outputTokens
        self.speed = speed
        self.basis = basis
        self.usual = usual ?? quality
        self.ability = ability
        self.knownShare = knownShare
    }

    /// The source in words, with its parts: `profile gpt-4o, known kinds 0.3, general ability 0.7`.
    package var source: String {
        guard let knownShare else { return basis.description }
        let tenths = Int((min(max(knownShare, 0), 1) * 10).rounded())
        func share(_ tenths: Int) -> String { "\(tenths / 10).\(tenths % 10)" }
        return "\(basis), known kinds \(share(tenths)), general ability \(share(10 - tenths))"
    }
}

/// The expected length of an answer, in tokens.
package struct OutputTokens: Hashable, Sendable {
    package var mean: Double
    /// 95 % of answers are not longer.
    package var p95: Double

    package init(mean: Double, p95: Double) {
        self.mean = mean
        self.p95 = p95
    }
}

/// The speed of an answer in recorded calls.
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

/// The source of a prediction.
package enum PredictionBasis: Hashable, Sendable, CustomStringConvertible {
    /// Trained estimators, by the profile's name.
    case profile(ModelID)
    /// No answers: published scores of the model of that name.
    case scores(ModelID)
    /// Neither: the average of the model's published class.
    case prior(QualityTier)

    package var description: String {
        switch self {
        case .profile(let name): "profile \(name)"
        case .scores(let name): "scores of \(name)"
        case .prior(let tier): "prior of the \(tier.rawValue) tier"
        }
    }
}

/// The prediction for a model without a profile: the average of its published class.
///
/// Qualities are the mean scores of the models of each class on the training rows of two public suites (reasoning:
/// GSM8K, MATH level 5, CRUXEval; knowledge: MMLU-Pro): gemma-2-2b, Phi-3 and 3.5-mini .42; Llama-3.1-8B, gemma-2-9b
/// .52; Llama-3.1-70B, claude-3-haiku, gpt-4o-mini, deepseek-v2.5, gemini-1.5-flash .68; claude-3.5-sonnet, gpt-4o,
/// o1-mini, gemini-1.5-pro .83. Below 1B there are no rows: .20 extrapolates. Lengths are round figures near those of
/// the reasoning suite's training answers (median 172, mean 282, p95 645 tokens).
package enum TierPrior {
    package static func prediction(of tier: QualityTier) -> Prediction {
        Prediction(
            quality: quality(of: tier), deviation: 0.15, outputTokens: OutputTokens(mean: 200, p95: 700),
            basis: .prior(tier))
    }

    static func quality(of tier: QualityTier) -> Double {
        switch tier {
        case .tiny: 0.20
        case .small: 0.42
        case .medium: 0.52
        case .large: 0.68
        case .frontier: 0.83
        }
    }
}

/// HERA's S-L distance of a step as predicted (DP): the additional steps of a cheaper model until its output is similar
/// to the reference's next one. The four probabilities sum to 1.
package struct DistanceForecast: Hashable, Sendable {
    /// Probability of distance 0.
    package var none: Double
    /// Probability of distance 1.
    package var one: Double
    /// Probability of two or more.
    package var more: Double
    /// Probability of an infinite distance: no step of the cheaper model is ever similar.
    package var never: Double

    package init(none: Double, one: Double, more: Double, never: Double) {
        self.none = none
        self.one = one
        self.more = more
        self.never = never
    }

    /// The likeliest distance, with 2 for two or more; nil for infinite.
    package var likeliest: Int? {
        let finite = [none, one, more]
        let best = finite.indices.max { (finite[$0], $1) < (finite[$1], $0) } ?? 0
        return finite[best] >= never ? best : nil
    }
}
