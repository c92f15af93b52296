package import Domain

/// Points of ability as a line of a benchmark's score: points = offset + slope x, with x the log-odds of a share or the
/// score itself.
package struct ScoreConversion: Sendable {
    /// The benchmark's name.
    package var benchmark: String
    /// Whether scores are shares, of which the line takes the log-odds.
    package var isShare: Bool
    /// Whether the benchmark measures general ability.
    package var isGeneral: Bool
    /// Points where the argument is 0.
    package var offset: Double
    /// Points for one unit of the argument.
    package var slope: Double
    /// Standard deviation of a model's points around the line, leaving that model out.
    package var deviation: Double

    package init(
        benchmark: String, isShare: Bool, isGeneral: Bool, offset: Double, slope: Double, deviation: Double
    ) {
        self.benchmark = benchmark
        self.isShare = isShare
        self.isGeneral = isGeneral
        self.offset = offset
        self.slope = slope
        self.deviation = deviation
    }

    /// The argument of the line.
    package func argument(_ score: Double) -> Double { isShare ? Self.logOdds(ofShare: score) : score }

    /// The log-odds of a published share. Shares beyond 2 and 98 of 100 tell less than they seem to.
    package static func logOdds(ofShare share: Double) -> Double { logit(bounded(share)) }

    private static func bounded(_ share: Double) -> Double { min(max(share, 0.02), 0.98) }

    func points(_ score: Double) -> Double { offset + slope * argument(score) }

    /// Points for one unit of the score, near this score.
    func steepness(_ score: Double) -> Double {
        guard isShare else { return abs(slope) }
        let share = Self.bounded(score)
        return abs(slope) / (share * (1 - share))
    }
}

/// What a published score says of general ability.
package struct ScoreEvidence: Sendable {
    /// The score itself.
    package var score: PublishedScore
    /// Points of ability, for the effort at which the model is called.
    package var points: Double
    /// Standard deviation of `points`.
    package var deviation: Double
}

/// A model's general ability in points of the Epoch Capabilities Index.
package struct Ability: Hashable, Sendable {
    /// Points of the Epoch Capabilities Index.
    package var points: Double
    /// Standard deviation of `points`.
    package var deviation: Double

    package init(points: Double, deviation: Double) {
        self.points = points
        self.deviation = deviation
    }
}

extension MeasuredEffort {
    /// Points of ability that this setting takes from the strongest one.
    ///
    /// From the strongest to none, LiveBench's reasoning and mathematics fall by about 1 in log-odds on a slope of 0.1 a
    /// point.
    var points: Double {
        switch self {
        case .none: -10
        case .minimal: -8
        case .low: -5
        case .medium: -2.5
        case .high: -1
        case .standard: -1.5
        case .xhigh: -0.5
        case .max, .highest: 0
        }
    }
}

extension AbilityProfile {
    /// A share of the shift between two efforts that is taken for its standard deviation.
    private static let effortDoubt = 0.4
    /// Standard deviation, in points, of a score of the nearest model where none is given.
    private static let nearestDoubt = 4.0
    /// The multiple of a deviation for benchmarks of one kind, whose errors go together.
    private static let kindDoubt = 2.0
    /// The least standard deviation of an ability, in points.
    private static let leastDeviation = 1.5

    /// What every score of a record says of general ability. Benchmarks without a conversion are left out.
    package func evidence(of record: PublishedRecord) -> [ScoreEvidence] {
        record.scores.compactMap { score in
            guard let line = conversions.first(where: { $0.benchmark == score.benchmark }) else { return nil }
            var variance = line.deviation * line.deviation
            if score.nearest != nil {
                let doubt = score.deviation.map { $0 * line.steepness(score.score) } ?? Self.nearestDoubt
                variance += doubt * doubt
            }
            let shift = Self.effortShift(from: score.effort, to: record.effort)
            variance += Self.effortDoubt * shift * Self.effortDoubt * shift
            return ScoreEvidence(
                score: score, points: line.points(score.score) + shift,
                deviation: variance.squareRoot() * (line.isGeneral ? 1 : Self.kindDoubt))
        }
    }

    /// The posterior of general ability; nil where no score has a conversion.
    ///
    /// It is the mean of the evidence, weighed by precision.
    package func ability(of record: PublishedRecord) -> Ability? {
        let evidence = evidence(of: record)
        let precision = evidence.reduce(0) { $0 + 1 / ($1.deviation * $1.deviation) }
        guard precision > 0 else { return nil }
        let points = evidence.reduce(0) { $0 + $1.points / ($1.deviation * $1.deviation) } / precision
        return Ability(points: points, deviation: max((1 / precision).squareRoot(), Self.leastDeviation))
    }

    /// Points from the measured effort to the one used; 0 where either is unknown.
    private static func effortShift(from measured: MeasuredEffort?, to used: MeasuredEffort?) -> Double {
        guard let measured, let used else { return 0 }
        return used.points - measured.points
    }

    /// The scores of a record that contradict the others, the greatest residual first.
    /// - Parameter least: the least residual, in standard deviations of the difference.
    package func contradictions(in record: PublishedRecord, least: Double = 3) -> [ScoreContradiction] {
        let evidence = evidence(of: record)
        return evidence.indices.compactMap { place -> ScoreContradiction? in
            var others = record.scores
            others.removeAll { $0 == evidence[place].score }
            guard
                let ability = ability(
                    of: PublishedRecord(scores: others, lengths: record.lengths, effort: record.effort))
            else { return nil }
            let own = evidence[place]
            let spread = (own.deviation * own.deviation + ability.deviation * ability.deviation).squareRoot()
            let residual = (own.points - ability.points) / spread
            return abs(residual) >= least ? ScoreContradiction(evidence: own, others: ability, residual: residual) : nil
        }.sorted { (-abs($0.residual), $0.evidence.score.benchmark) < (-abs($1.residual), $1.evidence.score.benchmark) }
    }
}

/// A score that does not fit to the other scores of its model.
package struct ScoreContradiction: Sendable {
    /// The score and what it says.
    package var evidence: ScoreEvidence
    /// The ability by the other scores.
    package var others: Ability
    /// The difference in standard deviations.
    package var residual: Double
}
