import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The graded answer of a live model to one probe.
package struct GradedProbe: Sendable {
    package var item: ProbeItem
    /// 0...1.
    package var score: Double
    package var outputTokens: Double?
    package var costUSD: Double?

    package init(item: ProbeItem, score: Double, outputTokens: Double? = nil, costUSD: Double? = nil) {
        self.item = item
        self.score = score
        self.outputTokens = outputTokens
        self.costUSD = costUSD
    }
}

/// Infers a model's ability on every panel's scale from its probe answers alone.
///
/// The known models never answered the probes. A probe's difficulty therefore comes from the panels' predictions and
/// its author's level. A logistic regression explains the answers:
///
///     log-odds = s d + b (t + t_panel) + c_kind
///
/// d is the difficulty expected for the panels' average model and b its slope with ability (`AbilityScale`), both mixed
/// by the gate's shares. t is the model's ability over the average, t_panel its deviation by panel, and c_kind the
/// deviation of a kind of probe from its expected difficulty. Normal priors hold s to 1, t to 0 (as able as the known
/// models on average, or as published scores say), t_panel and c_kind to 0. So few answers move t first, and a kind only
/// by what t cannot explain.
struct LiveInference: Sendable {
    /// Prior precisions: of s, t, t_panel and c_kind.
    var slopePrecision = 30.0
    var abilityPrecision = 0.3
    var panelPrecision = 2.0
    var kindPrecision = 0.7
    /// Weight of the author's level in the expected difficulty. The panels' predictions have the rest.
    var levelShare = 0.5
    /// The share of c_kind attributed to the model's own skill rather than to the probes.
    var kindShare = 0.5
    /// Expected log-odds of an average known model at the levels 1 to 5: right 97, 92, 82, 62 and 38 of 100 times.
    static let levelOdds = [3.5, 2.4, 1.5, 0.5, -0.5]

    /// One probe as input of the regression.
    struct Reading: Sendable {
        var kind: String
        var score: Double
        var difficulty: Double
        /// By panel: the gate's share, and the slope for this probe.
        var shares: [Double]
        var slopes: [Double]

        /// The slope of the mixture.
        var slope: Double { zip(shares, slopes).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Reads a probe with the panels of a set.
    func reading(_ probe: GradedProbe, _ set: ProfileSet, _ scales: [AbilityScale]) -> Reading {
        let features = set.features(of: probe.item.text)
        // A probe is answered once, so only panels of answers give its difficulty.
        let shares = features.shares.amongAnswers.map { Double($0) }
        var levels = 0.0
        var slopes: [Double] = []
        for (place, panel) in set.panels.enumerated() {
            let dense = panel.dense(features.grams, features.counts(forPanel: place))
            let own = panel.probabilities(dense).prefix(panel.models.count)
            let line = scales[place].line(own.map { logit(Double($0)) })
            levels += shares[place] * line.level
            slopes.append(line.slope)
        }
        let authors = Self.levelOdds[min(max(probe.item.level, 1), 5) - 1]
        return Reading(
            kind: probe.item.kind, score: probe.score, difficulty: levelShare * authors + (1 - levelShare) * levels,
            shares: shares, slopes: slopes)
    }

    /// What published scores say before the first answer.
    struct Prior: Sendable {
        /// By panel: the ability over the average of its models, in log-odds.
        var means: [Double]
        /// Standard deviation that all panels share, and by panel its own.
        var common: Double
        var own: [Double]
    }

    /// The model's ability over the average of each panel's models, in log-odds.
    func abilities(_ readings: [Reading], panels: Int, prior: Prior? = nil) -> [Double] {
        let kinds = Set(readings.map(\.kind)).sorted()
        let x = readings.map { reading in
            [reading.difficulty, reading.slope]
                + (0..<panels).map { reading.shares[$0] * reading.slopes[$0] }
                + kinds.map { $0 == reading.kind ? 1 : 0 }
        }
        let centre = prior.map { $0.means.reduce(0, +) / Double(max(panels, 1)) } ?? 0
        let panelMeans = prior.map { prior in prior.means.map { $0 - centre } }
        let beta = RidgeLogistic.fit(
            x, readings.map(\.score),
            mean: [1, centre] + (panelMeans ?? [Double](repeating: 0, count: panels))
                + [Double](repeating: 0, count: kinds.count),
            precision: [slopePrecision, prior.map { 1 / ($0.common * $0.common) } ?? abilityPrecision]
                + (prior?.own.map { 1 / ($0 * $0) } ?? [Double](repeating: panelPrecision, count: panels))
                + [Double](repeating: kindPrecision, count: kinds.count))
        return (0..<panels).map { panel in
            var sum = 0.0
            var weight = 0.5
            for reading in readings {
                guard let kind = kinds.firstIndex(of: reading.kind) else { continue }
                sum += reading.shares[panel] * beta[2 + panels + kind]
                weight += reading.shares[panel]
            }
            return beta[1] + beta[2 + panel] + kindShare * sum / weight
        }
    }
}
