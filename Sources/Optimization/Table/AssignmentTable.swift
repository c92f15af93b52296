/// A program with names and units taken off: the allowed candidates of every step, their scaled objective, and one row
/// of amounts for every limit. Everything below the solver works on this.
///
/// Candidates of step s are `starts[s]..<starts[s + 1]`. Amounts lie candidate by candidate, `rows.count` each.
struct AssignmentTable: Sendable {
    let stepCount: Int
    let modelCount: Int
    var rows: [LimitRow]
    var starts: [Int]
    var models: [Int32]
    var objective: [Double]
    var amounts: [Double]
    /// What a candidate adds when the step before runs on another model; empty when switching is free.
    var enterObjective: [Double]
    var enterAmounts: [Double]
    /// `[step * modelCount + model]`: the candidate, or -1. Empty when switching is free.
    var candidateOfModel: [Int32]

    /// Gives every row the size of its limit as its scale, or of its greatest amount where the limit is less.
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

    /// The models that a choice of candidates names.
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
    /// How far rounding may carry a sum above the limit; 0 for money, whose amounts are whole numbers.
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

/// What a whole choice adds up to.
struct PathTotals: Sendable {
    var objective: Double
    var amounts: [Double]
}
