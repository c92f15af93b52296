import Domain
import Estimation

/// Takes a run from a model whose last steps go badly, where an abler model is there.
///
/// The model's predicted quality falls by the signs' log-odds, and the rule decides as ever. The run is not taken from
/// the ablest candidate: nothing says that a weaker one would do better.
struct RunHandOver {
    /// The model of the run's last step; nil where the run stays with it.
    let stuck: ModelID?
    /// Its quality in view of the signs.
    let quality: Double
    /// For the decision.
    let remark: String

    /// Signs that are weaker change nothing.
    static let leastLogOdds = -0.4
    /// Probability of a good end below which the decision says that the run may be given up.
    static let hopeless = 0.1

    /// - Returns: nil without signs.
    init?(_ step: Step, among candidates: [Candidate]) {
        let change = step.signs.logOdds
        guard change < Self.leastLogOdds, let previous = step.previousModel,
            let old = candidates.first(where: { $0.model == previous }), old.prediction.quality.isFinite,
            let best = candidates.max(by: { $0.prediction.quality < $1.prediction.quality })
        else { return nil }
        let before = old.prediction.quality
        let after = logistic(logit(min(max(before, 0.001), 0.999)) + change)
        let words =
            "run: \(step.signs.words); \(previous) ends well with probability \(Decimals.two(after)) instead of "
            + Decimals.two(before)
        guard best.model != previous else {
            stuck = nil
            quality = before
            let isHopeless = after < Self.hopeless
            remark =
                words + (isHopeless ? "; no abler model is left, the run may be given up" : "; no abler model is left")
            return
        }
        stuck = previous
        quality = after
        remark = words
    }
}
