import Estimation

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
