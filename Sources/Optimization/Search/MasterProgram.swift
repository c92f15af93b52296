/// The restricted master of Dantzig and Wolfe: the best convex combination of known choices that keeps the limits.
///
/// A primal simplex over a dense basis inverse of (limits + 1) squared. Limits are few, so a pivot is cheap compared
/// with pricing. Rows are scaled by their limit, the objective by `objectiveScale`.
struct MasterProgram {
    /// A variable: the slack of a row, its elastic violation, or the share of a known choice.
    private enum Variable: Equatable {
        case slack(Int)
        case elastic(Int)
        case share(Int)
    }

    private let rowCount: Int
    private let limits: [Double]
    private let rowScale: [Double]
    private let objectiveScale: Double
    /// Scaled columns of the choices: amounts, and objective.
    private var columns: [[Double]] = []
    private var objectives: [Double] = []
    private var basis: [Variable] = []
    private var inverse: [Double] = []
    private var level: [Double] = []
    private(set) var pricesFeasibility = false

    private var size: Int { rowCount + 1 }

    init(rows: [LimitRow], objectiveScale: Double) {
        rowCount = rows.count
        rowScale = rows.map { 1 / $0.scale }
        limits = rows.map { $0.limit / $0.scale }
        self.objectiveScale = 1 / objectiveScale
    }

    /// Number of known choices.
    var count: Int { columns.count }

    /// Adds a choice, without pivoting.
    mutating func append(_ totals: PathTotals) {
        columns.append((0..<rowCount).map { totals.amounts[$0] * rowScale[$0] })
        objectives.append(totals.objective * objectiveScale)
    }

    /// Starts from the last choice alone, with elastic violations.
    mutating func start() {
        let size = size
        let column = columns[columns.count - 1]
        inverse = [Double](repeating: 0, count: size * size)
        basis = []
        level = []
        for row in 0..<rowCount {
            let room = limits[row] - column[row]
            let sign: Double = room >= 0 ? 1 : -1
            basis.append(room >= 0 ? .slack(row) : .elastic(row))
            level.append(abs(room))
            inverse[row * size + row] = sign
            inverse[row * size + rowCount] = -sign * column[row]
        }
        basis.append(.share(columns.count - 1))
        level.append(1)
        inverse[rowCount * size + rowCount] = 1
        pricesFeasibility = violation > 0
    }

    /// Sum of the scaled violations of the present combination.
    var violation: Double {
        zip(basis, level).reduce(0) { sum, entry in
            if case .elastic = entry.0 { sum + max(0, entry.1) } else { sum }
        }
    }

    /// Shares of the choices in the present combination, by their index.
    var shares: [(choice: Int, share: Double)] {
        zip(basis, level).compactMap { variable, level in
            if case .share(let choice) = variable, level > 1e-12 { (choice, level) } else { nil }
        }
    }

    /// Multipliers of the limits (at least 0, objective per unit of the limit) and the value of the combination, both
    /// unscaled. While `pricesFeasibility`, the objective is the sum of scaled violations.
    mutating func optimize() -> (multipliers: [Double], value: Double) {
        pivotToOptimum()
        if pricesFeasibility, violation <= 1e-10 {
            pricesFeasibility = false
            pivotToOptimum()
        }
        let duals = self.duals()
        let unit = pricesFeasibility ? 1 : 1 / objectiveScale
        var value = 0.0
        for (variable, level) in zip(basis, level) { value += cost(variable) * level }
        return ((0..<rowCount).map { max(0, -duals[$0]) * rowScale[$0] * unit }, value * unit)
    }

    private func cost(_ variable: Variable) -> Double {
        switch variable {
        case .slack: 0
        case .elastic: pricesFeasibility ? 1 : 0
        case .share(let choice): pricesFeasibility ? 0 : objectives[choice]
        }
    }

    private func duals() -> [Double] {
        var duals = [Double](repeating: 0, count: size)
        for (row, variable) in basis.enumerated() {
            let cost = cost(variable)
            guard cost != 0 else { continue }
            for column in 0..<size { duals[column] += cost * inverse[row * size + column] }
        }
        return duals
    }

    private mutating func pivotToOptimum() {
        var stalled = 0
        for _ in 0..<(50 * (size + columns.count)) {
            guard let entering = entering(duals(), first: stalled > 2 * size) else { return }
            let direction = direction(entering)
            guard let leaving = leaving(direction) else { return }
            stalled = level[leaving] > 1e-13 ? 0 : stalled + 1
            pivot(entering, leaving, direction)
        }
    }

    /// The variable of most negative reduced cost, or the first of any if the simplex stalls (Bland).
    private func entering(_ duals: [Double], first: Bool) -> Variable? {
        var best: Variable?
        var least = -1e-11
        func consider(_ variable: Variable, _ reduced: Double) -> Bool {
            guard reduced < least, !basis.contains(variable) else { return false }
            best = variable
            least = reduced
            return first
        }
        for row in 0..<rowCount where consider(.slack(row), -duals[row]) { return best }
        if pricesFeasibility {
            for row in 0..<rowCount where consider(.elastic(row), 1 + duals[row]) { return best }
        }
        for choice in columns.indices {
            var reduced = (pricesFeasibility ? 0 : objectives[choice]) - duals[rowCount]
            for row in 0..<rowCount { reduced -= duals[row] * columns[choice][row] }
            if consider(.share(choice), reduced) { return best }
        }
        return best
    }

    private func direction(_ variable: Variable) -> [Double] {
        (0..<size).map { row in
            let line = row * size
            switch variable {
            case .slack(let index): return inverse[line + index]
            case .elastic(let index): return -inverse[line + index]
            case .share(let choice):
                var sum = inverse[line + rowCount]
                for index in 0..<rowCount { sum += inverse[line + index] * columns[choice][index] }
                return sum
            }
        }
    }

    private func leaving(_ direction: [Double]) -> Int? {
        var best: Int?
        var least = Double.infinity
        for row in 0..<size {
            // An elastic variable left in the basis at level 0 must not grow again once the limits are kept.
            if !pricesFeasibility, case .elastic = basis[row], abs(direction[row]) > 1e-9 { return row }
            guard direction[row] > 1e-11 else { continue }
            let ratio = max(0, level[row]) / direction[row]
            if ratio < least {
                least = ratio
                best = row
            }
        }
        return best
    }

    private mutating func pivot(_ entering: Variable, _ leaving: Int, _ direction: [Double]) {
        let size = size
        let step = level[leaving] / direction[leaving]
        for row in 0..<size where row != leaving { level[row] -= step * direction[row] }
        level[leaving] = step
        basis[leaving] = entering
        for column in 0..<size { inverse[leaving * size + column] /= direction[leaving] }
        for row in 0..<size where row != leaving && direction[row] != 0 {
            for column in 0..<size {
                inverse[row * size + column] -= direction[row] * inverse[leaving * size + column]
            }
        }
    }
}
