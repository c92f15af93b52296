/// A program without names and units: the allowed candidates of every step, their scaled objective, and one row of
/// amounts for every limit. The algorithms below the solver work on this.
///
/// Candidates of step s are `starts[s]..<starts[s + 1]`. Amounts are stored candidate by candidate, `rows.count` each.
struct AssignmentTable: Sendable {
    let stepCount: Int
    let modelCount: Int
    var rows: [LimitRow]
    var starts: [Int]
    var models: [Int32]
    var objective: [Double]
    var amounts: [Double]
    /// The amount that a candidate adds if the previous step runs on another model. Empty if switching is free.
    var enterObjective: [Double]
    var enterAmounts: [Double]
    /// `[step * modelCount + model]`: the candidate, or -1. Empty when switching is free.
    var candidateOfModel: [Int32]

    /// Scales every row by its limit, or by its greatest amount if the limit is less.
    mutating func measureRows() {
        var greatest = [Double](repeating: 0, count: rowCount)
        for candidate in 0..<candidateCount {
            for row in 0..<rowCount { greatest[row] = max(greatest[row], amounts[candidate * rowCount + row]) }
        }
        for row in rows.indices {
            let size = max(rows[row].limit, greatest[row])
            rows[row].scale = size > 1e-100 ? size : 1
        }
    }

    var rowCount: Int { rows.count }
    var candidateCount: Int { models.count }
    var hasSwitching: Bool { !enterObjective.isEmpty }

    func candidates(_ step: Int) -> Range<Int> { starts[step]..<starts[step + 1] }

    /// The models of a choice of candidates.
    func modelChoice(_ choice: [Int32]) -> [Int] { choice.map { Int(models[Int($0)]) } }

    /// Objective and row totals of a choice, summed in step order.
    func evaluate(_ choice: [Int32]) -> PathTotals {
        var totals = PathTotals(objective: 0, amounts: [Double](repeating: 0, count: rowCount))
        for step in 0..<stepCount {
            let candidate = Int(choice[step])
            totals.objective += objective[candidate]
            for row in 0..<rowCount { totals.amounts[row] += amounts[candidate * rowCount + row] }
            guard hasSwitching, step > 0, models[Int(choice[step - 1])] != models[candidate] else { continue }
            totals.objective += enterObjective[candidate]
            for row in 0..<rowCount { totals.amounts[row] += enterAmounts[candidate * rowCount + row] }
        }
        return totals
    }

    /// Whether totals keep every limit.
    func isFeasible(_ totals: PathTotals) -> Bool {
        for row in 0..<rowCount where totals.amounts[row] > rows[row].limit + rows[row].tolerance { return false }
        return true
    }
}

/// One limit: the chosen candidates' amounts add up to at most `limit`.
struct LimitRow: Sendable {
    var name: LimitName
    var limit: Double
    /// The rounding error allowed above the limit; 0 for money, whose amounts are whole numbers.
    var tolerance: Double
    /// A typical size of the row's totals, to compare rows with each other.
    var scale: Double

    init(name: LimitName, limit: Double) {
        self.name = name
        self.limit = limit
        tolerance = name == .budget ? 0 : 1e-9 * max(1e-6, limit)
        scale = 1
    }
}

/// The totals of a whole choice.
struct PathTotals: Sendable {
    var objective: Double
    var amounts: [Double]
}
