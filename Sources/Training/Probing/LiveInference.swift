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
/// models on average), t_panel and c_kind to 0. So few answers move t first, and a kind only by what t cannot explain.
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

    /// The model's ability over the average of each panel's models, in log-odds.
    func abilities(_ readings: [Reading], panels: Int) -> [Double] {
        let kinds = Set(readings.map(\.kind)).sorted()
        let x = readings.map { reading in
            [reading.difficulty, reading.slope]
                + (0..<panels).map { reading.shares[$0] * reading.slopes[$0] }
                + kinds.map { $0 == reading.kind ? 1 : 0 }
        }
        let beta = RidgeLogistic.fit(
            x, readings.map(\.score), mean: [1, 0] + [Double](repeating: 0, count: panels + kinds.count),
            precision: [slopePrecision, abilityPrecision] + [Double](repeating: panelPrecision, count: panels)
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

/// A panel's models on one scale of ability, on which unmeasured models can be placed.
///
/// For a text, model j's log-odds are near a + b (A_j - mean A), with A_j the log-odds of its share of good answers:
/// `level` is a, `slope` b, both by least squares over the panel's models.
struct AbilityScale: Sendable {
    /// A_j less their mean.
    let centred: [Double]
    let mean: Double
    private let squares: Double
    /// Models to ignore.
    private let absent: Set<Int>

    init(_ panel: PanelProfile, leavingOut absent: Set<Int> = []) {
        let abilities = panel.baseRates.map { logit(Double($0)) }
        let present = abilities.indices.filter { !absent.contains($0) }
        let mean = present.reduce(0.0) { $0 + abilities[$1] } / Double(max(present.count, 1))
        self.mean = mean
        self.absent = absent
        centred = abilities.indices.map { absent.contains($0) ? 0 : abilities[$0] - mean }
        squares = centred.reduce(0) { $0 + $1 * $1 }
    }

    private var count: Double { Double(max(centred.count - absent.count, 1)) }

    /// The panel's mean log-odds for a text, and their slope with ability.
    ///
    /// For texts unlike the panel's own, the slope is mostly noise, so it is kept near 1.
    func line(_ odds: [Double]) -> (level: Double, slope: Double) {
        var level = 0.0
        var slope = 0.0
        for (model, value) in odds.enumerated() where !absent.contains(model) {
            level += value / count
            slope += centred[model] * value
        }
        return (level, squares > 0.05 ? min(max(slope / squares, 0.3), 1.7) : 1)
    }

    /// The blend of the panel's log-odds for a model of this ability over the average. The intercept is last.
    ///
    /// The line is not extrapolated beyond the weakest and the ablest model: such a model is a shifted copy of that
    /// one.
    func blend(_ ability: Double) -> [Float] {
        let reach = min(max(ability, centred.min() ?? 0), centred.max() ?? 0)
        let tilt = squares > 0.05 ? reach / squares : 0
        let weights = centred.indices.map { absent.contains($0) ? 0 : 1 / count + tilt * centred[$0] }
        return (weights + [ability - tilt * squares]).map { Float($0) }
    }
}
