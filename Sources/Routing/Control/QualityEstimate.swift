/// A running estimate of the true quality of what was served, from the few steps that were looked at.
///
/// Steps are counted by stratum (the model that served them); a look (a shadow audit, feedback) scores one of them,
/// 0...1. A stratum's mean weighs each look by 1 / (its chance of being looked at), so that it does not matter how a
/// stratum's looks were drawn; strata weigh as they were served. Older steps fade. The interval is Wilson's score
/// interval per stratum at the effective number of looks, (sum w)^2 / sum w^2, and their variances added over the
/// strata; with one stratum it is Wilson's exactly. Scores between 0 and 1 vary less than coins, so it errs on the wide
/// side. Sources: Wilson 1927; Horvitz and Thompson 1952; Kish 1965 (effective sample size).
package struct QualityEstimate: Hashable, Sendable {
    /// A range that holds the true value in 95 of 100 cases.
    package struct Interval: Hashable, Sendable {
        package var lower: Double
        package var upper: Double

        package init(lower: Double, upper: Double) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// What is known of one stratum.
    struct Stratum: Hashable, Sendable {
        var served = 0.0
        var weights = 0.0
        var squaredWeights = 0.0
        var weightedScores = 0.0

        var looks: Double { squaredWeights > 0 ? weights * weights / squaredWeights : 0 }
        var mean: Double { weights > 0 ? weightedScores / weights : 0 }
    }

    /// Two-sided 95 % of the normal distribution.
    package static let z = 1.959964

    /// Steps after which a look counts e times less; `.infinity` to forget nothing.
    package let memory: Double
    private(set) var strata: [String: Stratum] = [:]

    package init(memory: Double = 2000) {
        self.memory = memory
    }

    init(memory: Double, strata: [String: Stratum]) {
        self.memory = memory
        self.strata = strata
    }

    /// Counts a step that was served.
    package mutating func served(_ stratum: String) {
        let kept = memory.isFinite && memory > 0 ? 1 - 1 / max(memory, 1) : 1
        if kept < 1 {
            for name in strata.keys {
                strata[name]?.served *= kept
                strata[name]?.weights *= kept
                strata[name]?.squaredWeights *= kept * kept
                strata[name]?.weightedScores *= kept
            }
        }
        strata[stratum, default: Stratum()].served += 1
    }

    /// Takes in the score of a step that was served before.
    ///
    /// - Parameters:
    ///   - score: 0...1; what is no number is not counted.
    ///   - share: the chance with which the step was looked at, above 0 and at most 1.
    package mutating func looked(at stratum: String, score: Double, share: Double) {
        guard score.isFinite, share.isFinite, share > 0 else { return }
        let weight = 1 / min(share, 1)
        strata[stratum, default: Stratum()].weights += weight
        strata[stratum, default: Stratum()].squaredWeights += weight * weight
        strata[stratum, default: Stratum()].weightedScores += weight * min(max(score, 0), 1)
    }

    /// Mean quality of what was served, over the strata that were looked at; nil before the first look.
    package var mean: Double? {
        let seen = strata.values.filter { $0.weights > 0 && $0.served > 0 }
        let served = seen.reduce(0) { $0 + $1.served }
        return served > 0 ? seen.reduce(0) { $0 + $1.served * $1.mean } / served : nil
    }

    /// The 95 % interval of the mean over everything that was served; a stratum that nobody looked at may be anything.
    package var interval: Interval {
        let served = strata.values.reduce(0) { $0 + $1.served }
        guard served > 0 else { return Interval(lower: 0, upper: 1) }
        var centre = 0.0
        var variance = 0.0
        for stratum in strata.values where stratum.served > 0 {
            let share = stratum.served / served
            let looks = stratum.looks
            let wide = looks + Self.z * Self.z
            centre += share * (looks * stratum.mean + Self.z * Self.z / 2) / wide
            let spread = looks * stratum.mean * (1 - stratum.mean) + Self.z * Self.z / 4
            variance += share * share * spread / (wide * wide)
        }
        let half = Self.z * variance.squareRoot()
        return Interval(lower: max(0, centre - half), upper: min(1, centre + half))
    }

    /// The effective number of looks over all strata.
    package var looks: Double { strata.values.reduce(0) { $0 + $1.looks } }
}
