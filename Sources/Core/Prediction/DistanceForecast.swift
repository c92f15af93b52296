/// HERA's S-L distance of a step as predicted (DP): how many additional steps of a cheaper model are needed until its
/// output is similar to the reference's next one. The four probabilities sum to 1.
package struct DistanceForecast: Hashable, Sendable {
    /// Probability that none is needed.
    package var none: Double
    /// Probability that one is.
    package var one: Double
    /// Probability of two or more.
    package var more: Double
    /// Probability that no step of the cheaper model ever is (an infinite distance).
    package var never: Double

    package init(none: Double, one: Double, more: Double, never: Double) {
        self.none = none
        self.one = one
        self.more = more
        self.never = never
    }

    /// The likeliest distance, two standing for two or more; nil for never.
    package var likeliest: Int? {
        let finite = [none, one, more]
        let best = finite.indices.max { (finite[$0], $1) < (finite[$1], $0) } ?? 0
        return finite[best] >= never ? best : nil
    }
}
