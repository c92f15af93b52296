import Domain
package import JSON

/// A running estimate of the true quality of served steps, from a small sample of them.
///
/// Steps are counted by stratum (the model that served them). A sample (a shadow audit, feedback) scores one of them,
/// 0...1. A stratum's mean weighs each sample by 1 / (its sampling probability), so that any sampling scheme is
/// unbiased. Strata weigh as they were served. Older steps fade. The interval is Wilson's score interval per stratum at
/// the effective sample size, (sum w)^2 / sum w^2. The distances of its ends from the means are added over the strata as
/// squares. With one stratum it is Wilson's exactly. Scores between 0 and 1 vary less than binary ones, so it errs on
/// the wide side. Sources: Wilson 1927; Horvitz and Thompson 1952; Kish 1965 (effective sample size); Zou and Donner
/// 2008 (ends of a sum's interval).
package struct QualityEstimate: Hashable, Sendable {
    /// A range that contains the true value with 95 % confidence.
    package struct Interval: Hashable, Sendable {
        package var lower: Double
        package var upper: Double

        package init(lower: Double, upper: Double) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// The counts of one stratum.
    struct Stratum: Hashable, Sendable {
        var served = 0.0
        var weights = 0.0
        var squaredWeights = 0.0
        var weightedScores = 0.0

        var effectiveSamples: Double { squaredWeights > 0 ? weights * weights / squaredWeights : 0 }
        var mean: Double { weights > 0 ? weightedScores / weights : 0 }
    }

    /// Two-sided 95 % of the normal distribution.
    package static let z = 1.959964

    /// Steps after which a sample counts e times less; `.infinity` for no decay.
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
    package mutating func recordServed(_ stratum: String) {
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

    /// Records the score of a step that was served before.
    ///
    /// - Parameters:
    ///   - score: 0...1. A non-finite score is not counted.
    ///   - probability: the sampling probability of the step, above 0 and at most 1.
    package mutating func recordSample(of stratum: String, score: Double, probability: Double) {
        guard score.isFinite, probability.isFinite, probability > 0 else { return }
        let weight = 1 / min(probability, 1)
        strata[stratum, default: Stratum()].weights += weight
        strata[stratum, default: Stratum()].squaredWeights += weight * weight
        strata[stratum, default: Stratum()].weightedScores += weight * min(max(score, 0), 1)
    }

    /// Mean quality of the served steps, over the sampled strata; nil before the first sample.
    package var mean: Double? {
        let seen = strata.values.filter { $0.weights > 0 && $0.served > 0 }
        let served = seen.reduce(0) { $0 + $1.served }
        return served > 0 ? seen.reduce(0) { $0 + $1.served * $1.mean } / served : nil
    }

    /// The 95 % interval of the mean over everything served; it contains ``mean``. An unsampled stratum may have any
    /// quality.
    package var interval: Interval {
        let served = strata.values.reduce(0) { $0 + $1.served }
        guard served > 0 else { return Interval(lower: 0, upper: 1) }
        var (centre, below, above, unsampled) = (0.0, 0.0, 0.0, 0.0)
        for stratum in strata.values where stratum.served > 0 {
            let share = stratum.served / served
            guard stratum.weights > 0 else {
                unsampled += share
                continue
            }
            let wilson = QualityInterval(samples: stratum.effectiveSamples, mean: stratum.mean)
            centre += share * wilson.mean
            below += share * share * (wilson.mean - wilson.low) * (wilson.mean - wilson.low)
            above += share * share * (wilson.high - wilson.mean) * (wilson.high - wilson.mean)
        }
        return Interval(
            lower: max(0, centre - below.squareRoot()), upper: min(1, centre + above.squareRoot() + unsampled))
    }

    /// The effective sample size over all strata.
    package var effectiveSamples: Double { strata.values.reduce(0) { $0 + $1.effectiveSamples } }
}

extension QualityEstimate {
    /// Writes the estimate as members of the open object: four sums per stratum.
    package func write(into object: inout JSONWriter) {
        for (name, stratum) in strata.sorted(by: { $0.key < $1.key }) {
            object.member(
                name,
                array: { list in
                    list.element(stratum.served)
                    list.element(stratum.weights)
                    list.element(stratum.squaredWeights)
                    list.element(stratum.weightedScores)
                })
        }
    }

    /// Reads what `write` wrote; nil for anything else.
    package init?(json: JSONValue, memory: Double = 2000) {
        guard json.kind == .object else { return nil }
        var strata: [String: Stratum] = [:]
        for member in json.members {
            let sums = member.value.elements.compactMap(\.double)
            guard sums.count == 4, sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
            strata[member.key] = Stratum(
                served: sums[0], weights: sums[1], squaredWeights: sums[2], weightedScores: sums[3])
        }
        self.init(memory: memory, strata: strata)
    }
}
