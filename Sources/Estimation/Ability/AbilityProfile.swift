package import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How answers follow published scores: the content of `ability.profile`.
package struct AbilityProfile: Sendable {
    /// By benchmark, points of ability as a line of its score.
    package var conversions: [ScoreConversion]
    /// By panel of answers, what is published of its models.
    package var panels: [PanelAbility]

    package init(conversions: [ScoreConversion] = [], panels: [PanelAbility] = []) {
        self.conversions = conversions
        self.panels = panels
    }
}

/// The published scores of a panel's models, on which the line from ability to base rate rests.
package struct PanelAbility: Sendable {
    /// The panel's name.
    package var panel: String
    /// The panel's models, in its order.
    package var models: [String]
    /// By model: points of general ability and their deviation; not a number where nothing is published.
    package var points: [Float]
    /// By model: the standard deviation of `points`.
    package var deviations: [Float]
    /// The benchmarks of the panel's own kind, and their mean log-odds over its models.
    package var benchmarks: [String]
    /// By benchmark: its mean log-odds over the models.
    package var benchmarkMeans: [Float]
    /// By model: the mean of its log-odds on these, each less its benchmark's mean; not a number without any.
    package var kindScores: [Float]
    /// The share of good answers that no model exceeds, because labels are wrong or questions are ambiguous.
    package var ceiling: Float
    /// Log-odds of the panel's models for some of its texts, row by row. They turn a base rate into a shift.
    package var sample: [Float]

    package init(
        panel: String, models: [String], points: [Float], deviations: [Float], benchmarks: [String],
        benchmarkMeans: [Float], kindScores: [Float], ceiling: Float, sample: [Float]
    ) {
        self.panel = panel
        self.models = models
        self.points = points
        self.deviations = deviations
        self.benchmarks = benchmarks
        self.benchmarkMeans = benchmarkMeans
        self.kindScores = kindScores
        self.ceiling = ceiling
        self.sample = sample
    }

    /// A record's mean log-odds on the benchmarks of this kind, and how many of these were the nearest model's.
    package func kindScore(of record: PublishedRecord) -> (score: Double, nearest: Double)? {
        var sum = 0.0
        var count = 0.0
        var nearest = 0.0
        for (name, mean) in zip(benchmarks, benchmarkMeans) {
            for score in record.scores where score.benchmark == name {
                sum += ScoreConversion.logOdds(ofShare: score.score) - Double(mean)
                count += 1
                nearest += score.nearest == nil ? 0 : 1
            }
        }
        return count > 0 ? (sum / count, nearest / count) : nil
    }
}

/// A line from ability to the log-odds of a model's share of good answers below the ceiling.
///
/// log-odds = level + slope (points - centre) + kindSlope kindScore, by least squares with normal priors on the slopes.
package struct AbilityLine: Sendable {
    /// Log-odds at `centre`.
    package private(set) var level = 0.0
    /// The models' mean ability, points.
    package private(set) var centre = 130.0
    /// Log-odds for one point.
    package private(set) var slope = AbilityLine.priorSlope
    /// Log-odds for one unit of the kind score.
    package private(set) var kindSlope = 0.0
    private var kindCentre = 0.0
    /// Standard deviation of a model around the line, leaving that model out.
    package private(set) var deviation = 0.5

    /// The slope of an unknown panel in log-odds a point, and its standard deviation.
    package static let priorSlope = 0.1
    private static let slopeDeviation = 0.03
    /// The slope with the kind's own benchmarks, and its standard deviation.
    private static let priorKindSlope = 0.4
    private static let kindSlopeDeviation = 0.3
    /// Noise of one model in log-odds, before it is known.
    private static let noise = 0.3

    /// One model of the panel.
    struct Anchor {
        var points: Double
        /// Nil to fit on ability alone.
        var kindScore: Double?
        /// Log-odds of its base rate below the ceiling.
        var odds: Double
    }

    /// - Parameter anchors: all with a kind score, or all without.
    init(_ anchors: [Anchor]) {
        guard !anchors.isEmpty else { return }
        fit(anchors)
        guard anchors.count > 2 else { return }
        var squares = 0.0
        for left in anchors.indices {
            var line = AbilityLine([])
            var rest = anchors
            rest.remove(at: left)
            line.fit(rest)
            let residual = anchors[left].odds - line.odds(anchors[left].points, kindScore: anchors[left].kindScore)
            squares += residual * residual
        }
        // Two models of the prior's deviation keep a few lucky models from making a line look certain.
        deviation = ((squares + 2 * 0.25) / Double(anchors.count + 2)).squareRoot()
    }

    private mutating func fit(_ anchors: [Anchor]) {
        let count = Double(anchors.count)
        let meanOdds = anchors.reduce(0) { $0 + $1.odds } / count
        centre = anchors.reduce(0) { $0 + $1.points } / count
        kindCentre = anchors.reduce(0) { $0 + ($1.kindScore ?? 0) } / count
        let noise = Self.noise * Self.noise
        let hasKind = anchors.allSatisfy { $0.kindScore != nil }
        var xx = noise / (Self.slopeDeviation * Self.slopeDeviation)
        var kk = noise / (Self.kindSlopeDeviation * Self.kindSlopeDeviation)
        // With a score of the kind itself, general ability has half of its usual say.
        let slopePrior = hasKind ? Self.priorSlope / 2 : Self.priorSlope
        var xy = xx * slopePrior
        var ky = hasKind ? kk * Self.priorKindSlope : 0
        var xk = 0.0
        for anchor in anchors {
            let x = anchor.points - centre
            let k = (anchor.kindScore ?? 0) - kindCentre
            let y = anchor.odds - meanOdds
            xx += x * x
            xk += x * k
            kk += k * k
            xy += x * y
            ky += k * y
        }
        let determinant = xx * kk - xk * xk
        slope = max((kk * xy - xk * ky) / determinant, 0.01)
        kindSlope = hasKind ? (xx * ky - xk * xy) / determinant : 0
        level = meanOdds
    }

    /// The log-odds below the ceiling.
    package func odds(_ points: Double, kindScore: Double? = nil) -> Double {
        level + slope * (points - centre) + (kindScore.map { kindSlope * ($0 - kindCentre) } ?? 0)
    }

    /// The points of a model with these log-odds, on a line without kinds.
    func points(_ odds: Double) -> Double { centre + (odds - level) / slope }
}

extension AbilityProfile {
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(conversions.map(\.benchmark))
        for line in conversions {
            writer.put((line.isShare ? 1 : 0) + (line.isGeneral ? 2 : 0))
            for value in [line.offset, line.slope, line.deviation] { writer.put(Float(value)) }
        }
        writer.put(panels.count)
        for panel in panels {
            writer.put(panel.panel)
            writer.put(panel.models)
            writer.put(panel.points)
            writer.put(panel.deviations)
            writer.put(panel.benchmarks)
            writer.put(panel.benchmarkMeans)
            writer.put(panel.kindScores)
            writer.put(panel.ceiling)
            writer.put(panel.sample)
        }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        conversions = []
        for name in try reader.strings() {
            let flags = try reader.integer()
            let line = ScoreConversion(
                benchmark: name, isShare: flags & 1 != 0, isGeneral: flags & 2 != 0,
                offset: Double(try reader.float()), slope: Double(try reader.float()),
                deviation: Double(try reader.float()))
            guard line.offset.isFinite, line.slope.isFinite, line.deviation > 0 else {
                throw ByteReader.Failure(reason: "a conversion of scores is no line")
            }
            conversions.append(line)
        }
        panels = []
        for _ in 0..<(try reader.integer()) {
            let panel = PanelAbility(
                panel: try reader.string(), models: try reader.strings(), points: try reader.array(Float.self),
                deviations: try reader.array(Float.self), benchmarks: try reader.strings(),
                benchmarkMeans: try reader.array(Float.self), kindScores: try reader.array(Float.self),
                ceiling: try reader.float(), sample: try reader.array(Float.self))
            let count = panel.models.count
            guard count > 0,
                [panel.points.count, panel.deviations.count, panel.kindScores.count].allSatisfy({ $0 == count }),
                panel.sample.count % count == 0, panel.benchmarks.count == panel.benchmarkMeans.count,
                panel.ceiling > 0, panel.ceiling <= 1
            else { throw ByteReader.Failure(reason: "the abilities of a panel do not fit together") }
            panels.append(panel)
        }
    }
}
