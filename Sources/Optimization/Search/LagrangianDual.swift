/// The Lagrangian dual of a table: the limits' multipliers of the greatest lower bound.
///
/// Solved by Dantzig-Wolfe column generation (equivalently, cutting planes of the dual). The bound equals that of the
/// linear relaxation, because a relaxed chain is an integral polytope (Geoffrion 1974). Any multipliers at least 0 give
/// a valid bound, so rounding can weaken the certificate but never falsify it.
struct LagrangianDual {
    /// Greatest lower bound on the objective.
    private(set) var bound = -Double.infinity
    /// The multipliers of the bound.
    private(set) var multipliers: [Double]
    /// The best choice so far that keeps all limits.
    private(set) var incumbent: Incumbent?
    /// Choices, and their shares, of the master's last combination.
    private(set) var combination: [(choice: [Int32], share: Double)] = []
    /// Whether not even fractional choices keep all limits: the program is infeasible.
    private(set) var isInfeasible = false

    private var choices: [[Int32]] = []

    /// A warm start: the dual of a problem with more candidates.
    struct Start: Sendable {
        var multipliers: [Double]
        var choices: [[Int32]]
    }

    /// Solves the dual to `tolerance` (relative), until the bound reaches `enough`, or until `clock` runs out. The
    /// pricer's blocked candidates are excluded.
    init(
        _ pricer: inout PathPricer, from start: Start? = nil, tolerance: Double, enough: Double = .infinity,
        clock: SolveClock
    ) throws(OptimizationError) {
        let table = pricer.table
        multipliers = start?.multipliers ?? [Double](repeating: 0, count: table.rowCount)
        let least = zip(multipliers, table.rows).reduce(pricer.price(multipliers)) { $0 - $1.0 * $1.1.limit }
        guard least < .infinity else {
            isInfeasible = true
            return
        }
        let firstChoice = pricer.choice
        let first = table.evaluate(firstChoice)
        bound = least
        var master = MasterProgram(
            rows: table.rows, objectiveScale: max(abs(first.objective), 1e-3 * Double(table.stepCount)))
        if let start {
            for choice in start.choices { seed(choice, table.evaluate(choice), table, &master) }
        } else {
            accept(first, firstChoice, table)
            if incumbent != nil { return }
            for row in 0..<table.rowCount {
                var unit = [Double](repeating: 0, count: table.rowCount)
                unit[row] = 1
                _ = pricer.price(unit, objectiveWeight: 0)
                seed(pricer.choice, table.evaluate(pricer.choice), table, &master)
            }
        }
        seed(firstChoice, first, table, &master)
        master.start()
        try climb(&pricer, &master, tolerance, enough, clock)
        combination = master.shares.map { (choices[$0.choice], $0.share) }
    }

    private mutating func seed(
        _ choice: [Int32], _ totals: PathTotals, _ table: AssignmentTable, _ master: inout MasterProgram
    ) {
        choices.append(choice)
        master.append(totals)
        accept(totals, choice, table)
    }

    private mutating func climb(
        _ pricer: inout PathPricer, _ master: inout MasterProgram, _ tolerance: Double, _ enough: Double,
        _ clock: SolveClock
    ) throws(OptimizationError) {
        let table = pricer.table
        for _ in 0..<500 {
            if bound >= enough { return }
            if try clock.isOver() { return }
            let (target, value) = master.optimize()
            let feasibility = master.pricesFeasibility
            // Pricing half-way between the best multipliers so far and the master's keeps the dual from oscillating.
            let smooth = !feasibility && bound > -.infinity && multipliers.contains(where: { $0 > 0 })
            var progressed = false
            for share in smooth ? [0.5, 1.0] : [1.0] {
                let trial = zip(target, multipliers).map { $1 + share * ($0 - $1) }
                let reduced = pricer.price(trial, objectiveWeight: feasibility ? 0 : 1)
                let lower = zip(trial, table.rows).reduce(reduced) { $0 - $1.0 * $1.1.limit }
                if feasibility {
                    if lower > 1e-8 {
                        isInfeasible = true
                        return
                    }
                } else if lower > bound {
                    bound = lower
                    multipliers = trial
                }
                let totals = table.evaluate(pricer.choice)
                // The choice helps the master only if its reduced cost is negative at the master's own multipliers.
                let own = zip(target, table.rows).enumerated().reduce(feasibility ? 0 : totals.objective) {
                    $0 + $1.element.0 * (totals.amounts[$1.offset] - $1.element.1.limit)
                }
                let slack = feasibility ? 1e-11 : 1e-12 * max(1, abs(value))
                if own < value - slack {
                    seed(pricer.choice, totals, table, &master)
                    progressed = true
                    break
                }
            }
            if !progressed { return }
            if !feasibility, value - bound <= tolerance * max(abs(value), 1e-9) { return }
        }
    }

    private mutating func accept(_ totals: PathTotals, _ choice: [Int32], _ table: AssignmentTable) {
        guard table.isFeasible(totals), totals.objective < incumbent?.totals.objective ?? .infinity else { return }
        incumbent = Incumbent(choice: choice, totals: totals)
    }
}

/// A choice that keeps all limits, with its totals.
struct Incumbent: Sendable {
    var choice: [Int32]
    var totals: PathTotals

    var objective: Double { totals.objective }
}
