/// Depth-first search of a core problem, least reduced cost first. Pruned by the Lagrangian bound and by the least use
/// of every limit in the remaining steps.
struct CoreSearch {
    /// How a search ended.
    enum End: Sendable {
        /// Everything below the cutoff was searched.
        case complete
        /// The best plan is within the gap of the bound given.
        case closeEnough
        /// Nodes or time ran out.
        case cutShort
    }

    private let core: CoreProblem
    private let table: AssignmentTable
    private let gap: Double
    private(set) var incumbent: Incumbent?
    private(set) var nodes = 0

    init(_ core: CoreProblem, _ table: AssignmentTable, gap: Double, incumbent: Incumbent?) {
        self.core = core
        self.table = table
        self.gap = gap
        self.incumbent = incumbent
    }

    /// Searches for plans below `cap`. Stops as soon as one is within the gap of `bound`.
    mutating func run(cap: Double, bound: Double, nodeLimit: Int, clock: SolveClock) throws(OptimizationError) -> End {
        guard !core.isEmpty else { return .complete }
        let width = table.rowCount
        let depthCount = core.levels.count
        let breadth = core.levels.reduce(1) { max($0, $1.end - $1.start) }
        // Insertion sort is fastest for the few children of a node, but quadratic for thousands.
        let isWide = breadth > 200
        var cutoff = min(cap, Self.cutoff(incumbent, gap))
        guard depthCount > 0 else {
            accept(core.choice)
            return .complete
        }
        let ceilings = table.rows.map(\.ceiling)
        let limits = table.rows.map(\.limit)
        var used = [Double](repeating: 0, count: (depthCount + 1) * width)
        for row in 0..<width { used[row] = core.baseAmounts[row] }
        var value = [Double](repeating: core.baseValue, count: depthCount + 1)
        var children = [Int](repeating: 0, count: depthCount * breadth)
        var bounds = [Double](repeating: 0, count: depthCount * breadth)
        var childCount = [Int](repeating: 0, count: depthCount)
        var position = [Int](repeating: 0, count: depthCount)
        var picked = [Int](repeating: 0, count: depthCount)

        /// Lists the children of a node that are worth visiting, least bound first.
        func expand(_ depth: Int) {
            let level = core.levels[depth]
            let previous = depth > 0 && table.hasSwitching ? table.models[core.candidates[picked[depth - 1]]] : -1
            let first = depth * breadth
            var count = 0
            candidates: for index in level.start..<level.end {
                let enters = previous >= 0 && table.models[core.candidates[index]] != previous
                let step = core.values[index] + (enters ? core.entries[index] : 0)
                var reach = value[depth] + step + core.tails[index]
                if reach >= cutoff { continue }
                for row in 0..<width {
                    var amount = used[depth * width + row] + core.amounts[index * width + row]
                    if enters { amount += core.entryAmounts[index * width + row] }
                    if amount + core.tailAmounts[index * width + row] > ceilings[row] { continue candidates }
                    // The part of a limit that must stay unused costs its multiplier.
                    let unused = limits[row] - amount - core.tailMost[index * width + row]
                    if unused > 0 { reach += core.multipliers[row] * unused }
                }
                if reach >= cutoff { continue }
                var place = count
                while place > 0, !isWide, bounds[first + place - 1] > reach {
                    bounds[first + place] = bounds[first + place - 1]
                    children[first + place] = children[first + place - 1]
                    place -= 1
                }
                bounds[first + place] = reach
                children[first + place] = index
                count += 1
            }
            if isWide { Self.sort(&children, &bounds, first..<first + count) }
            childCount[depth] = count
            position[depth] = 0
        }

        expand(0)
        nodes += 1
        var depth = 0
        while depth >= 0 {
            let place = depth * breadth + position[depth]
            guard position[depth] < childCount[depth], bounds[place] < cutoff else {
                depth -= 1
                continue
            }
            position[depth] += 1
            let index = children[place]
            let before = depth > 0 ? core.candidates[picked[depth - 1]] : -1
            picked[depth] = index
            let enters =
                before >= 0 && table.hasSwitching && table.models[before] != table.models[core.candidates[index]]
            value[depth + 1] = value[depth] + core.values[index] + (enters ? core.entries[index] : 0)
            for row in 0..<width {
                var amount = core.amounts[index * width + row]
                if enters { amount += core.entryAmounts[index * width + row] }
                used[(depth + 1) * width + row] = used[depth * width + row] + amount
            }
            if depth + 1 < depthCount {
                depth += 1
                nodes += 1
                if nodes > nodeLimit { return .cutShort }
                if nodes & 1023 == 0, try clock.isOver() { return .cutShort }
                expand(depth)
                continue
            }
            var choice = core.choice
            for (level, index) in zip(core.levels, picked) { choice[level.step] = Int32(core.candidates[index]) }
            if accept(choice) {
                cutoff = min(cap, Self.cutoff(incumbent, gap))
                if cutoff <= bound { return .closeEnough }
            }
        }
        return .complete
    }

    private static func sort(_ children: inout [Int], _ bounds: inout [Double], _ range: Range<Int>) {
        let pairs = range.map { (bounds[$0], children[$0]) }.sorted { $0 < $1 }
        for (place, pair) in zip(range, pairs) { (bounds[place], children[place]) = pair }
    }

    /// An objective at or above this does not improve on the incumbent, gap considered.
    static func cutoff(_ incumbent: Incumbent?, _ gap: Double) -> Double {
        guard let incumbent else { return .infinity }
        return incumbent.objective - max(gap * abs(incumbent.objective), 1e-12)
    }

    @discardableResult
    private mutating func accept(_ choice: [Int32]) -> Bool {
        let totals = table.evaluate(choice)
        guard table.isFeasible(totals), totals.objective < incumbent?.objective ?? .infinity else { return false }
        incumbent = Incumbent(choice: choice, totals: totals)
        return true
    }
}
