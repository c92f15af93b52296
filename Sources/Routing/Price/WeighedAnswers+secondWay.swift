import Domain

/// A second answer of the model that has just answered, asked in another way.
extension WeighedAnswers {
    /// Coupling of the errors of a model's answers in two ways of asking: what it does not know, more effort or more
    /// sources seldom bring.
    private static let ownCoupling = 0.6

    /// The best other way of asking the model that has just answered, with its value; nil where none is better.
    func secondWay(of last: Int) -> (way: Candidate, value: Double)? {
        let (asked, q) = (candidates[last].candidate, acceptance ?? 0)
        guard !search.askedAgain.contains(asked.model), search.isJudged || seen.isWeighty else { return nil }
        let s = search.isJudged ? search.estimates.detectionRate : 0
        var best: (way: Candidate, value: Double)?
        for way in search.furtherWays(asked.model) where way.prediction.quality > asked.prediction.quality {
            guard search.fits(way, after: made) else { continue }
            let then = Self.answers(way.prediction.quality, after: asked.prediction.quality)
            // Without a judge the second answer replaces the first.
            let value =
                q * (s + (1 - s) * then.ifRight) + (1 - q) * (search.isJudged ? s : 1) * then.ifWrong
                - search.priced.burden(of: way) / search.priced.price
            if value > best?.value ?? q + 1e-9 { best = (way, value) }
        }
        return best
    }

    /// The probabilities of a right answer in another way, given a right or a wrong one in the first.
    private static func answers(_ quality: Double, after first: Double) -> (ifRight: Double, ifWrong: Double) {
        let onlyFirst = (1 - ownCoupling) * first * (1 - quality) + ownCoupling * max(0, first - quality)
        let both = first - onlyFirst
        return (
            first > 1e-6 ? min(max(both / first, 0), 1) : quality,
            first < 1 - 1e-6 ? min(max((quality - both) / (1 - first), 0), 1) : quality
        )
    }
}
