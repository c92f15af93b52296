import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A text with a difficulty measured by the models that answered it.
struct LevelRow: Sendable {
    var suite: String
    var text: StepText
    /// Points of ability.
    var difficulty: Double

    /// The standard deviation of difficulties within a suite, in points.
    private static let spread = 20.0

    /// The expected difficulty of every training row, from its outcomes and the models' abilities.
    ///
    /// Within a suite, difficulties are normal around a mean which is fitted.
    static func rows(_ rows: [OutcomeRow], abilities: [String: Ability], ceiling: Double) -> [LevelRow] {
        let grid = Array(stride(from: 40.0, through: 200, by: 2))
        let likelihoods = rows.map { row in
            let known = row.outcomes.sorted { $0.key < $1.key }.compactMap { model, outcome in
                abilities[model].map { (ability: $0, score: outcome.score) }
            }
            return grid.map { difficulty in
                known.reduce(0.0) { sum, outcome in
                    let p = ceiling * logistic(GeneralTrainer.exactSlope * (outcome.ability.points - difficulty))
                    return sum + outcome.score * log(p) + (1 - outcome.score) * log(1 - p)
                }
            }
        }
        var mean = 120.0
        var difficulties = [Double](repeating: mean, count: rows.count)
        for _ in 0..<6 {
            for (row, likelihood) in likelihoods.enumerated() {
                let odds = zip(grid, likelihood).map { $1 - ($0 - mean) * ($0 - mean) / (2 * spread * spread) }
                let most = odds.max() ?? 0
                let weights = odds.map { exp($0 - most) }
                difficulties[row] = zip(grid, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
            }
            mean = difficulties.reduce(0, +) / Double(max(difficulties.count, 1))
        }
        return zip(rows, difficulties).map { LevelRow(suite: $0.suite, text: $0.text, difficulty: $1) }
    }
}
