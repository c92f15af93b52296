/// Branch and bound with the Lagrangian dual as the relaxation (branch and price).
///
/// A node excludes some candidates. Its dual gives a bound and a combination of choices. The step in which these differ
/// is branched on: its likeliest candidate alone, or without it. Each node also rounds its combination to a plan.
struct BranchAndPrice {
    private struct Node {
        var blocked: [Int32]
        var bound: Double
        var start: LagrangianDual.Start
        var depth: Int
    }

    static let exchangeRounds = 2
    private let table: AssignmentTable
    private let gap: Double
    private let clock: SolveClock
    private var pricer: PathPricer
    private var open: [Node] = []
    private(set) var incumbent: Incumbent?
    /// Least bound of the unsearched nodes; infinite if all are searched.
    var bound: Double { min(open.reduce(.infinity) { min($0, $1.bound) }, closedBound) }
    /// Least bound of the nodes that could not be divided further.
    private var closedBound = Double.infinity

    init(_ pricer: PathPricer, root: LagrangianDual, incumbent: Incumbent?, gap: Double, clock: SolveClock) {
        table = pricer.table
        self.pricer = pricer
        self.incumbent = incumbent
        self.gap = gap
        self.clock = clock
        let start = LagrangianDual.Start(multipliers: root.multipliers, choices: root.combination.map(\.choice))
        open = [Node(blocked: [], bound: root.bound, start: start, depth: 0)]
    }

    /// Searches at most `nodeLimit` nodes: deepest first, to find a plan early, and best bound among equals.
    mutating func run(nodeLimit: Int) throws(OptimizationError) {
        var diving = true
        for _ in 0..<nodeLimit {
            let cutoff = CoreSearch.cutoff(incumbent, gap)
            open.removeAll { $0.bound >= cutoff }
            if try clock.isOver() { return }
            guard let next = pick(diving: diving) else { return }
            diving = try visit(open.remove(at: next))
        }
    }

    private func pick(diving: Bool) -> Int? {
        if diving, !open.isEmpty { return open.count - 1 }
        return open.indices.min { open[$0].bound < open[$1].bound }
    }

    /// Solves a node and pushes its children, the likelier one on top. False without children.
    private mutating func visit(_ node: Node) throws(OptimizationError) -> Bool {
        pricer.blocked = node.blocked
        let dual = try LagrangianDual(
            &pricer, from: node.start, tolerance: 1e-10, enough: CoreSearch.cutoff(incumbent, gap),
            clock: clock)
        if dual.isInfeasible { return false }
        accept(dual.incumbent)
        let bound = max(node.bound, dual.bound)
        guard bound < CoreSearch.cutoff(incumbent, gap) else { return false }
        _ = pricer.price(dual.multipliers)
        // Long programs have more close calls to pair, and few nodes.
        let breadth = min(160, max(64, table.stepCount / 4))
        accept(Rounding.plan(pricer, dual, gap: gap, rounds: Self.exchangeRounds, breadth: breadth))
        if node.depth > 0 { try searchCore(dual, bound) }
        guard bound < CoreSearch.cutoff(incumbent, gap) else { return false }
        guard let (step, candidate) = fractional(dual.combination) else {
            closedBound = min(closedBound, bound)
            return false
        }
        let others = table.candidates(step).filter { $0 != candidate }.map(Int32.init)
        let without = node.blocked + [Int32(candidate)]
        let only = Array(Set(node.blocked + others))
        for blocked in [without, only] {
            let ruledOut = Set(blocked)
            let choices = dual.combination.map(\.choice).filter { !ruledOut.contains($0[step]) }
            open.append(
                Node(
                    blocked: blocked, bound: bound, start: .init(multipliers: dual.multipliers, choices: choices),
                    depth: node.depth + 1))
        }
        return true
    }

    /// A short core search around the node's own multipliers.
    private mutating func searchCore(_ dual: LagrangianDual, _ bound: Double) throws(OptimizationError) {
        let cap = min(CoreSearch.cutoff(incumbent, gap), bound + max(gap, 1e-3) * max(abs(bound), 1e-6))
        let core = CoreProblem(pricer, multipliers: dual.multipliers, cap: cap)
        var search = CoreSearch(core, table, gap: gap, incumbent: incumbent)
        _ = try search.run(cap: cap, bound: bound, nodeLimit: 2000, clock: clock)
        accept(search.incumbent)
    }

    private mutating func accept(_ other: Incumbent?) {
        guard let other, other.objective < incumbent?.objective ?? .infinity else { return }
        incumbent = other
    }

    /// The step whose rounding would change the limits most, and its candidate of the largest share.
    private func fractional(_ combination: [(choice: [Int32], share: Double)]) -> (step: Int, candidate: Int)? {
        guard let first = combination.first else { return nil }
        var best: (step: Int, candidate: Int)?
        var most = 0.0
        for step in 0..<table.stepCount where combination.contains(where: { $0.choice[step] != first.choice[step] }) {
            var shares: [Int32: Double] = [:]
            for (choice, share) in combination { shares[choice[step], default: 0] += share }
            guard let likeliest = shares.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { continue }
            var impact = 1e-9
            for (other, share) in shares where other != likeliest.key {
                for (index, row) in table.rows.enumerated() {
                    let width = table.rowCount
                    let from = table.amounts[Int(likeliest.key) * width + index]
                    impact += share * abs(table.amounts[Int(other) * width + index] - from) / row.scale
                }
            }
            if impact > most {
                most = impact
                best = (step, Int(likeliest.key))
            }
        }
        return best
    }
}
