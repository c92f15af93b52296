import Estimation

/// How well difficulties of prompts are estimated by models that were not fitted on them.
package struct DifficultyFigures: Sendable, CustomStringConvertible {
    /// Correlation of estimated and judged difficulty.
    package var correlation: Double
    /// Root of the mean square of the difference, in points.
    package var error: Double
    /// The same by kind of prompt.
    package var errorByKind: [String: Double]
    /// The mean difference between a prompt and the same in other words, in points, and its 90 % quantile.
    package var rewording: (mean: Double, p90: Double)
    /// Log-odds for one point of ability.
    package var slope: Double

    init(_ trained: GeneralTrainer.Trained, _ prompts: [AuthoredPrompt]) {
        let truth = prompts.map(\.difficulty)
        correlation = PairMoments(Array(zip(trained.honest, truth))).correlation
        func error(_ rows: [Int]) -> Double {
            let squares = rows.reduce(0.0) {
                $0 + (trained.honest[$1] - truth[$1]) * (trained.honest[$1] - truth[$1])
            }
            return (squares / Double(max(rows.count, 1))).squareRoot()
        }
        self.error = error(Array(prompts.indices))
        errorByKind = Dictionary(grouping: prompts.indices) { prompts[$0].kind }.mapValues(error)
        let places = Dictionary(zip(prompts.map(\.id), prompts.indices)) { first, _ in first }
        let differences = prompts.indices.compactMap { row -> Double? in
            guard let other = prompts[row].sameAs.flatMap({ places[$0] }) else { return nil }
            return abs(trained.honest[row] - trained.honest[other])
        }
        rewording = (
            differences.reduce(0, +) / Double(max(differences.count, 1)), RankingMetrics.quantile(differences, 0.9)
        )
        slope = Double(trained.general.slope)
    }

    /// The figures in one sentence.
    package var description: String {
        let kinds = errorByKind.sorted { $0.key < $1.key }.map { "\($0.key) \(TextTable.fixed($0.value, 0))" }
        return """
            difficulty of prompts, by models that did not see them: correlation \(TextTable.fixed(correlation, 2)), off by \
            \(TextTable.fixed(error, 1)) points (\(kinds.joined(separator: ", "))); in other words off by \
            \(TextTable.fixed(rewording.mean, 1)), nine of ten below \(TextTable.fixed(rewording.p90, 1)); \
            \(TextTable.fixed(slope, 3)) log-odds a point
            """
    }
}
