/// A panel's models on one scale of ability, on which unmeasured models can be placed.
///
/// For a text, model j's log-odds are near a + b (A_j - mean A), with A_j the log-odds of its share of good answers:
/// `level` is a, `slope` b, both by least squares over the panel's models.
package struct AbilityScale: Sendable {
    /// A_j less their mean.
    package let centred: [Double]
    /// The mean of A_j.
    package let mean: Double
    private let squares: Double
    /// Models to ignore.
    private let absent: Set<Int>

    package init(_ panel: PanelProfile, leavingOut absent: Set<Int> = []) {
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
    package func line(_ odds: [Double]) -> (level: Double, slope: Double) {
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
    package func blend(_ ability: Double) -> [Float] {
        let reach = min(max(ability, centred.min() ?? 0), centred.max() ?? 0)
        let tilt = squares > 0.05 ? reach / squares : 0
        let weights = centred.indices.map { absent.contains($0) ? 0 : 1 / count + tilt * centred[$0] }
        return (weights + [ability - tilt * squares]).map { Float($0) }
    }
}
