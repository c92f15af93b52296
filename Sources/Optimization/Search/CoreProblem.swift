/// The candidates that remain open after the Lagrangian dual: those of small reduced cost, level by level. Each has the
/// least value and the least amounts of any continuation.
///
/// Without switching, steps with one candidate left are fixed. The others are ordered with the closest calls last, so
/// that depth-first search tries small repairs first. With switching the levels are the steps, in order.
struct CoreProblem {
    /// One level: its step, and the range of its candidates in the flat arrays.
    struct Level {
        var step: Int
        var start: Int
        var end: Int
    }

    private(set) var levels: [Level] = []
    private(set) var candidates: [Int] = []
    /// Reduced value of each candidate and of entering it.
    private(set) var values: [Double] = []
    private(set) var entries: [Double] = []
    /// Least reduced value of everything after each candidate.
    private(set) var tails: [Double] = []
    private(set) var amounts: [Double] = []
    private(set) var entryAmounts: [Double] = []
    private(set) var tailAmounts: [Double] = []
    /// Most amounts of any continuation after each candidate.
    private(set) var tailMost: [Double] = []
    /// The multipliers of the reduced values.
    let multipliers: [Double]
    /// Bound and amounts of the fixed steps.
    private(set) var baseValue: Double
    private(set) var baseAmounts: [Double]
    /// The fixed steps' candidates. The levels' steps are filled in at a leaf.
    private(set) var choice: [Int32]
    /// Which candidates of the table remain.
    private(set) var keeps: [Bool]
    /// Whether some step has no candidate left: nothing within reach keeps the limits.
    private(set) var isEmpty = false
    /// Whether a candidate was excluded because of its reduced cost, so that a search does not cover the whole table.
    private(set) var isPartial = false

    /// Keeps the candidates through which the bound stays below `cap` and every limit can still be kept.
    ///
    /// - Parameters:
    ///   - pricer: priced with `multipliers`.
    init(_ pricer: PathPricer, multipliers: [Double], cap: Double) {
        let table = pricer.table
        let width = table.rowCount
        self.multipliers = multipliers
        let offset = zip(multipliers, table.rows).reduce(0) { $0 - $1.0 * $1.1.limit }
        keeps = [Bool](repeating: true, count: table.candidateCount)
        choice = [Int32](repeating: 0, count: table.stepCount)
        baseValue = offset
        baseAmounts = [Double](repeating: 0, count: width)

        let completion = Completion(table, pricer.reduced, pricer.entry, keeps: keeps)
        for step in 0..<table.stepCount {
            for candidate in table.candidates(step) {
                if pricer.reduced[candidate] == .infinity {
                    keeps[candidate] = false
                    continue
                }
                let reach = completion.through(candidate, step: step, value: pricer.reduced[candidate]) + offset
                if reach > cap {
                    keeps[candidate] = false
                    isPartial = true
                }
            }
        }
        var rows = dropUnaffordable(table)
        if !isEmpty, rows.dropped { rows = dropUnaffordable(table) }
        guard !isEmpty else { return }
        if table.hasSwitching {
            layChain(pricer, rows.completions)
        } else {
            laySteps(pricer, completion)
        }
    }

    /// Drops candidates that break a limit even with the least of everything else.
    private mutating func dropUnaffordable(
        _ table: AssignmentTable
    ) -> (completions: [Completion], dropped: Bool) {
        let width = table.rowCount
        let completions = (0..<width).map { row in
            Completion(table, table.amounts, table.enterAmounts, stride: width, offset: row, keeps: keeps)
        }
        var dropped = false
        for step in 0..<table.stepCount {
            var left = false
            candidates: for candidate in table.candidates(step) where keeps[candidate] {
                for row in 0..<width {
                    let value = table.amounts[candidate * width + row]
                    let least = completions[row].through(candidate, step: step, value: value)
                    if least > table.rows[row].ceiling {
                        keeps[candidate] = false
                        dropped = true
                        continue candidates
                    }
                }
                left = true
            }
            if !left { isEmpty = true }
        }
        return (completions, dropped)
    }

    private mutating func laySteps(_ pricer: PathPricer, _ completion: Completion) {
        let table = pricer.table
        let width = table.rowCount
        var order: [(margin: Double, step: Int)] = []
        for step in 0..<table.stepCount {
            var count = 0
            var only = 0
            var best = Double.infinity
            var second = Double.infinity
            for candidate in table.candidates(step) where keeps[candidate] {
                count += 1
                only = candidate
                let value = pricer.reduced[candidate]
                second = min(second, max(value, best))
                best = min(best, value)
            }
            if count > 1 {
                order.append((second - best, step))
                baseValue += best
                continue
            }
            choice[step] = Int32(only)
            baseValue += best
            for row in 0..<width { baseAmounts[row] += table.amounts[only * width + row] }
        }
        order.sort { ($0.margin, $0.step) > ($1.margin, $1.step) }
        for (_, step) in order {
            let kept = table.candidates(step).filter { keeps[$0] }.sorted { pricer.reduced[$0] < pricer.reduced[$1] }
            let best = pricer.reduced[kept[0]]
            levels.append(Level(step: step, start: candidates.count, end: candidates.count + kept.count))
            for candidate in kept {
                candidates.append(candidate)
                values.append(pricer.reduced[candidate] - best)
                amounts.append(contentsOf: table.amounts[candidate * width..<candidate * width + width])
            }
        }
        tails = [Double](repeating: 0, count: candidates.count)
        tailAmounts = [Double](repeating: 0, count: candidates.count * width)
        tailMost = tailAmounts
        var tail = [Double](repeating: 0, count: width)
        var tailUp = tail
        for level in levels.reversed() {
            var least = [Double](repeating: .infinity, count: width)
            var most = [Double](repeating: 0, count: width)
            for index in level.start..<level.end {
                for row in 0..<width {
                    tailAmounts[index * width + row] = tail[row]
                    tailMost[index * width + row] = tailUp[row]
                    least[row] = min(least[row], amounts[index * width + row])
                    most[row] = max(most[row], amounts[index * width + row])
                }
            }
            for row in 0..<width {
                tail[row] += least[row]
                tailUp[row] += most[row]
            }
        }
    }

    private mutating func layChain(_ pricer: PathPricer, _ rows: [Completion]) {
        let table = pricer.table
        let width = table.rowCount
        let reduced = Completion(table, pricer.reduced, pricer.entry, keeps: keeps)
        // The most is the least of the negated amounts. An entry may be counted without a switch, which only loosens
        // it.
        let negated = table.amounts.map { -$0 }
        let negatedEntries = table.enterAmounts.map { -$0 }
        let most = (0..<width).map {
            Completion(table, negated, negatedEntries, stride: width, offset: $0, keeps: keeps)
        }
        for step in 0..<table.stepCount {
            let kept = table.candidates(step).filter { keeps[$0] }
            levels.append(Level(step: step, start: candidates.count, end: candidates.count + kept.count))
            for candidate in kept {
                candidates.append(candidate)
                values.append(pricer.reduced[candidate])
                entries.append(pricer.entry[candidate])
                tails.append(reduced.after[candidate])
                for row in 0..<width {
                    amounts.append(table.amounts[candidate * width + row])
                    entryAmounts.append(table.enterAmounts[candidate * width + row])
                    tailAmounts.append(rows[row].after[candidate])
                    tailMost.append(-most[row].after[candidate])
                }
            }
        }
    }
}

extension LimitRow {
    /// The limit with room for rounding in a running sum. Only a whole choice is compared with the limit itself.
    var ceiling: Double { limit + max(tolerance, 1e-12 * limit) }
}
