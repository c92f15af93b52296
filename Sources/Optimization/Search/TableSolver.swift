/// Solves one table. A dynamic program if nothing couples the steps. Otherwise the Lagrangian dual, a plan rounded from
/// it, an exhaustive search under the bound, and GLPK for what the search leaves open.
struct TableSolver {
    /// A plan, its certificate, and the multipliers of the rows.
    struct Plan: Sendable {
        var incumbent: Incumbent
        var bound: Double
        var multipliers: [Double]
        var method: AssignmentMethod
        var proven: Bool
    }

    /// The result of solving a table.
    enum Outcome: Sendable {
        case plan(Plan)
        case infeasible
        case timedOut
    }

    let table: AssignmentTable
    let gap: Double
    let clock: SolveClock
    var strategy = AssignmentStrategy.automatic

    private var pricer: PathPricer
    private var incumbent: Incumbent?
    private var bound = -Double.infinity
    private var multipliers: [Double] = []

    /// Most nodes of one search, and of branch and price, before the next method; and the most candidates for GLPK.
    private static let nodeLimit = 20_000
    private static let branchLimit = 500
    private static let greatestGLPK = 20_000

    init(_ table: AssignmentTable, gap: Double, clock: SolveClock, strategy: AssignmentStrategy = .automatic) {
        self.table = table
        self.gap = gap
        self.clock = clock
        self.strategy = strategy
        pricer = PathPricer(table)
    }

    /// Runs to the gap, the time limit, or the proof of infeasibility.
    mutating func solve() throws(OptimizationError) -> Outcome {
        if table.rowCount == 0, strategy != .glpk { return decouple() }
        let dual = try LagrangianDual(&pricer, tolerance: min(gap / 4, 1e-7), clock: clock)
        if dual.isInfeasible { return .infeasible }
        multipliers = dual.multipliers
        bound = dual.bound
        incumbent = dual.incumbent
        if table.stepCount == 1, strategy != .glpk { return enumerate() }
        if strategy == .glpk { return try branchAndBound(keeps: all, cap: .infinity) }
        if isClose { return plan(.lagrangian) }
        _ = pricer.price(multipliers)
        if table.stepCount > 40 || table.hasSwitching {
            accept(Rounding.plan(pricer, dual, gap: gap, rounds: 40, breadth: 160))
        }
        if isClose { return plan(.lagrangian) }
        if let outcome = try deepen() { return outcome }
        if let groups = StepGroups(table), let outcome = try count(groups) { return outcome }
        return try branch(dual)
    }

    /// GLPK over the counts of equal steps on each model.
    ///
    /// - Returns: nil if rounding left the counts without a plan, so that another method has to decide.
    private mutating func count(_ groups: StepGroups) throws(OptimizationError) -> Outcome? {
        let cap = CoreSearch.cutoff(incumbent, gap)
        let program = groups.program(objectiveCap: cap.isFinite ? cap : nil)
        let solution = try GLPK.solve(program, timeLimit: max(clock.remaining / 2, .milliseconds(1)), gap: gap)
        switch solution.status {
        case .infeasible:
            guard incumbent != nil else { return nil }
            bound = max(bound, cap)
            return plan(.glpk)
        case .optimal, .feasible:
            guard let choice = groups.choice(solution.values) else { return nil }
            let totals = table.evaluate(choice)
            guard table.isFeasible(totals) else { return nil }
            accept(Incumbent(choice: choice, totals: totals))
            bound = max(bound, min(totals.objective, solution.bound - 1e-9 * abs(solution.bound)))
            return isClose || solution.status == .optimal ? plan(.glpk) : nil
        case .unbounded, .stopped:
            return nil
        }
    }

    private var all: [Bool] { [Bool](repeating: true, count: table.candidateCount) }

    private mutating func decouple() -> Outcome {
        bound = pricer.price([])
        let incumbent = Incumbent(choice: pricer.choice, totals: table.evaluate(pricer.choice))
        bound = min(bound, incumbent.objective)
        self.incumbent = incumbent
        return plan(.dynamicProgramming)
    }

    /// Enumerates the candidates of a single step.
    private mutating func enumerate() -> Outcome {
        for candidate in table.candidates(0) where table.objective[candidate] < incumbent?.objective ?? .infinity {
            let choice = [Int32(candidate)]
            let totals = table.evaluate(choice)
            if table.isFeasible(totals) { incumbent = Incumbent(choice: choice, totals: totals) }
        }
        guard let incumbent else { return .infeasible }
        bound = incumbent.objective
        return plan(.enumeration)
    }

    private mutating func accept(_ other: Incumbent?) {
        guard let other, other.objective < incumbent?.objective ?? .infinity else { return }
        incumbent = other
    }

    private var isClose: Bool { incumbent != nil && CoreSearch.cutoff(incumbent, gap) <= bound }

    /// Searches all plans whose reduced cost stays within a reach above the bound, and widens the reach until a plan is
    /// found and proven. A reach without a plan raises the bound by as much.
    ///
    /// - Returns: nil if a search was cut short.
    private mutating func deepen() throws(OptimizationError) -> Outcome? {
        let floor = bound
        let size = max(abs(floor), 1e-3 * Double(table.stepCount))
        var reach = max(gap * size, 1e-3 * size)
        if let incumbent { reach = min(reach, incumbent.objective - floor) }
        var finishing = false
        while true {
            let cutoff = CoreSearch.cutoff(incumbent, gap)
            let cap = min(finishing ? .infinity : floor + reach, cutoff)
            let core = CoreProblem(pricer, multipliers: multipliers, cap: cap)
            var search = CoreSearch(core, table, gap: gap, incumbent: incumbent)
            let end = try search.run(cap: cap, bound: bound, nodeLimit: Self.nodeLimit, clock: clock)
            accept(search.incumbent)
            switch end {
            case .closeEnough:
                return plan(.search)
            case .complete:
                if cap == .infinity, incumbent == nil { return .infeasible }
                bound = max(bound, min(cap, CoreSearch.cutoff(incumbent, gap)))
                if isClose { return plan(.search) }
                reach *= 4
                finishing = finishing || reach > 64 * size
            case .cutShort:
                return try clock.isOver() ? stopped(.search) : nil
            }
        }
    }

    /// Branch and price, and GLPK on the remaining candidates when its nodes run out.
    private mutating func branch(_ dual: LagrangianDual) throws(OptimizationError) -> Outcome {
        var tree = BranchAndPrice(pricer, root: dual, incumbent: incumbent, gap: gap, clock: clock)
        try tree.run(nodeLimit: Self.branchLimit)
        accept(tree.incumbent)
        if tree.bound == .infinity, incumbent == nil { return .infeasible }
        bound = max(bound, min(tree.bound, CoreSearch.cutoff(incumbent, gap)))
        if isClose { return plan(.branchAndPrice) }
        if try clock.isOver() { return stopped(.branchAndPrice) }
        let cutoff = CoreSearch.cutoff(incumbent, gap)
        let core = CoreProblem(pricer, multipliers: multipliers, cap: cutoff)
        return try branchAndBound(keeps: core.keeps, cap: cutoff)
    }

    /// GLPK on the remaining candidates. Its rounding is not trusted: a plan that slightly breaks a limit is excluded
    /// by a row of its own, and the search runs again.
    private mutating func branchAndBound(keeps: [Bool], cap: Double) throws(OptimizationError) -> Outcome {
        guard keeps.count(where: { $0 }) <= Self.greatestGLPK else { return stopped(.search) }
        var program = LinearProgram(table, keeps: keeps, objectiveCap: cap.isFinite ? cap : nil)
        let kept = keeps.indices.filter { keeps[$0] }
        for _ in 0..<20 {
            if try clock.isOver() { return stopped(.glpk) }
            let solution = try GLPK.solve(program, timeLimit: max(clock.remaining, .milliseconds(1)), gap: gap)
            switch solution.status {
            case .infeasible:
                bound = max(bound, cap == .infinity && incumbent == nil ? bound : cap)
                return incumbent == nil ? .infeasible : plan(.glpk)
            case .unbounded, .stopped:
                bound = max(bound, min(cap, solution.bound - 1e-9 * abs(solution.bound)))
                return stopped(.glpk)
            case .optimal, .feasible:
                var choice = [Int32](repeating: -1, count: table.stepCount)
                for (column, candidate) in kept.enumerated() where solution.values[column] > 0.5 {
                    choice[table.step(of: candidate)] = Int32(candidate)
                }
                guard !choice.contains(-1) else { throw .solverFailed("a step without a model") }
                let totals = table.evaluate(choice)
                if table.isFeasible(totals) {
                    accept(Incumbent(choice: choice, totals: totals))
                    bound = max(bound, min(totals.objective, solution.bound - 1e-9 * abs(solution.bound)))
                    return solution.status == .optimal ? plan(.glpk) : stopped(.glpk)
                }
                let chosen = Set(choice.map(Int.init))
                let terms = kept.enumerated().filter { chosen.contains($0.element) }.map { ($0.offset, 1.0) }
                program.addRow(.init(upper: Double(table.stepCount - 1)), terms)
            }
        }
        return stopped(.glpk)
    }

    private func plan(_ method: AssignmentMethod) -> Outcome {
        guard let incumbent else { return .timedOut }
        return .plan(
            Plan(
                incumbent: incumbent, bound: min(bound, incumbent.objective), multipliers: multipliers,
                method: method, proven: true))
    }

    private func stopped(_ method: AssignmentMethod) -> Outcome {
        guard let incumbent else { return .timedOut }
        return .plan(
            Plan(
                incumbent: incumbent, bound: min(bound, incumbent.objective), multipliers: multipliers,
                method: method, proven: isClose))
    }
}

extension AssignmentTable {
    /// The step that a candidate belongs to.
    func step(of candidate: Int) -> Int {
        var low = 0
        var high = stepCount
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= candidate { low = middle } else { high = middle }
        }
        return low
    }
}

/// The method that solves a program.
package enum AssignmentStrategy: Sendable, Hashable {
    /// The fastest that is exact: dynamic program, Lagrangian search, GLPK.
    case automatic
    /// GLPK alone, for comparison.
    case glpk
}
