/// What is expected of a model without a profile: the average of its published class.
///
/// Qualities are the mean scores of the models of each class on the training rows of two public suites (reasoning:
/// GSM8K, MATH level 5, CRUXEval; knowledge: MMLU-Pro): gemma-2-2b, Phi-3 and 3.5-mini .42; Llama-3.1-8B, gemma-2-9b
/// .52; Llama-3.1-70B, claude-3-haiku, gpt-4o-mini, deepseek-v2.5, gemini-1.5-flash .68; claude-3.5-sonnet, gpt-4o,
/// o1-mini, gemini-1.5-pro .83. Below 1B there are no rows: .20 extrapolates. Lengths are round figures near those of the
/// reasoning suite's training answers (median 172, mean 282, p95 645 tokens).
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
