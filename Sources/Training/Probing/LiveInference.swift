import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a live model made of one probe.
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

/// Puts a model that nobody measured on every panel's scale of ability, from its answers to probes alone.
///
/// The known models never answered the probes, so all that is known of a probe's difficulty is what the panels predict
/// of them, and its author's level. A logistic regression explains the answers:
///
///     log-odds = s d + b (t + t_panel) + c_kind
///
/// with d the difficulty expected for the panels' average model and b its slope with ability (`AbilityScale`), both mixed
/// by the gate's shares; t the model's ability over the average, t_panel how much it differs from panel to panel, c_kind
/// what a kind of probe is easier or harder than it looks. Normal priors hold s to 1, t to 0 (as able as the known
/// models on average), t_panel and c_kind to 0; so few answers move t first, and a kind only by what t cannot explain.
struct LiveInference: Sendable {
    /// Prior precisions: of s, t, t_panel and c_kind.
    var slopePrecision = 30.0
    var abilityPrecision = 0.3
    var panelPrecision = 2.0
    var kindPrecision = 0.7
    /// The share of what the author's level says in the expected difficulty, the rest is what the panels predict.
    var levelShare = 0.5
    /// The share of c_kind that is taken for the model's own skill rather than for the probes' fault.
    var kindShare = 0.5
    /// Log-odds that are expected of an average known model at the levels 1 to 5: right 97, 92, 82, 62 and 38 of 100 times.
    static let levelOdds = [3.5, 2.4, 1.5, 0.5, -0.5]

    /// One probe as the regression sees it.
    struct Reading: Sendable {
        var kind: String
        var score: Double
        var difficulty: Double
        /// By panel: the gate's share, and the slope at this probe.
        var shares: [Double]
        var slopes: [Double]

        /// The slope of the mixture.
        var slope: Double { zip(shares, slopes).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// Reads a probe with the panels of a set.
    func reading(_ probe: GradedProbe, _ set: ProfileSet, _ scales: [AbilityScale]) -> Reading {
        let features = set.features(of: probe.item.text)
        // A probe is answered once, so only panels of answers say how hard it is.
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

/// A panel's models seen along one line, from weak to able, so that a model nobody measured can be put on it.
///
/// At a text, model j's log-odds are near a + b (A_j - mean A), with A_j the log-odds of its share of good answers: `level`
/// is a, `slope` b, both by least squares over the panel's models.
struct AbilityScale: Sendable {
    /// A_j less their mean.
    let centred: [Double]
    let mean: Double
    private let squares: Double
    /// Models that are left out of it, as if nobody knew them.
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

    /// The panel's log-odds at a text on average, and by how much they rise with ability. Far from the panel's own texts
    /// the slope is little more than noise, so it is kept near 1.
    func line(_ odds: [Double]) -> (level: Double, slope: Double) {
        var level = 0.0
        var slope = 0.0
        for (model, value) in odds.enumerated() where !absent.contains(model) {
            level += value / count
            slope += centred[model] * value
        }
        return (level, squares > 0.05 ? min(max(slope / squares, 0.3), 1.7) : 1)
    }

    /// The blend of the panel's log-odds that stands for a model so much more able than the average; the intercept last.
    /// Beyond the weakest and the ablest model the line is not followed on: such a model is like that one, less or more.
    func blend(_ ability: Double) -> [Float] {
        let reach = min(max(ability, centred.min() ?? 0), centred.max() ?? 0)
        let tilt = squares > 0.05 ? reach / squares : 0
        let weights = centred.indices.map { absent.contains($0) ? 0 : 1 / count + tilt * centred[$0] }
        return (weights + [ability - tilt * squares]).map { Float($0) }
    }
}
