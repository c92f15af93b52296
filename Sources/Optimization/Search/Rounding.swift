/// Rounds the dual's fractional combination to a plan that keeps all limits.
struct Rounding {
    let table: AssignmentTable
    let pricer: PathPricer
    var choice: [Int32]
    var used: [Double]

    /// A plan near the dual's combination of choices; nil if greedy repair finds none.
    ///
    /// - Parameters:
    ///   - pricer: priced with the dual's best multipliers.
    ///   - gap: a plan this close to the dual's bound is good enough.
    ///   - rounds: most rounds of pairwise exchange, among `breadth` moves.
    static func plan(_ pricer: PathPricer, _ dual: LagrangianDual, gap: Double, rounds: Int, breadth: Int) -> Incumbent?
    {
        var rounding = Rounding(pricer, dual)
        guard !pricer.table.hasSwitching else { return rounding.tighten(dual.multipliers) }
        let kept = rounding.repair()
        if kept { rounding.improve() }
        if let incumbent = rounding.incumbent, CoreSearch.cutoff(incumbent, gap) <= dual.bound { return incumbent }
        rounding.exchange(rounds: rounds, breadth: breadth)
        return rounding.incumbent
    }

    private init(_ pricer: PathPricer, _ dual: LagrangianDual) {
        table = pricer.table
        self.pricer = pricer
        choice = pricer.choice
        used = []
        if !table.hasSwitching { blend(dual.combination) }
        used = table.evaluate(choice).amounts
    }

    private var incumbent: Incumbent? {
        let totals = table.evaluate(choice)
        return table.isFeasible(totals) ? Incumbent(choice: choice, totals: totals) : nil
    }

    /// Copies each step from one of the combined choices, so that each choice gets its share of the steps in which they
    /// differ. Steps in which all agree need no rounding.
    private mutating func blend(_ combination: [(choice: [Int32], share: Double)]) {
        guard combination.count > 1 else { return }
        var credit = [Double](repeating: 0, count: combination.count)
        for step in 0..<table.stepCount {
            let first = combination[0].choice[step]
            guard combination.contains(where: { $0.choice[step] != first }) else {
                choice[step] = first
                continue
            }
            var best = 0
            for index in combination.indices {
                credit[index] += combination[index].share
                if credit[index] > credit[best] { best = index }
            }
            credit[best] -= 1
            choice[step] = combination[best].choice[step]
        }
    }

    /// Sum over rows of the scaled amount above the limit, if candidate `next` replaced `present`.
    private func violation(_ present: Int, _ next: Int) -> Double {
        let width = table.rowCount
        var sum = 0.0
        for row in 0..<width {
            let total = used[row] + table.amounts[next * width + row] - table.amounts[present * width + row]
            sum += max(0, total - table.rows[row].limit) / table.rows[row].scale
        }
        return sum
    }

    mutating func move(_ step: Int, to next: Int) {
        let width = table.rowCount
        let present = Int(choice[step])
        for row in 0..<width {
            used[row] += table.amounts[next * width + row] - table.amounts[present * width + row]
        }
        choice[step] = Int32(next)
    }

    /// Moves steps, cheapest reduced cost per unit of violation removed first, until every limit is kept.
    private mutating func repair() -> Bool {
        for _ in 0..<40 {
            let start = violation(0, 0)
            if start == 0 { return true }
            var moves: [(score: Double, step: Int, next: Int)] = []
            for step in 0..<table.stepCount {
                let present = Int(choice[step])
                var best: (score: Double, step: Int, next: Int)?
                for next in table.candidates(step) where next != present {
                    let gain = start - violation(present, next)
                    guard gain > 0 else { continue }
                    let score = (pricer.reduced[next] - pricer.reduced[present]) / gain
                    if score < best?.score ?? .infinity { best = (score, step, next) }
                }
                if let best { moves.append(best) }
            }
            guard !moves.isEmpty else { return false }
            moves.sort { ($0.score, $0.step) < ($1.score, $1.step) }
            var present = start
            for (_, step, next) in moves {
                let after = violation(Int(choice[step]), next)
                guard after < present else { continue }
                move(step, to: next)
                present = after
                if present == 0 { break }
            }
        }
        return violation(0, 0) == 0
    }

    /// Spends the slack of the limits: moves that lower the objective, the closest calls first.
    private mutating func improve() {
        for _ in 0..<4 {
            var moves: [(score: Double, step: Int, next: Int)] = []
            for step in 0..<table.stepCount {
                let present = Int(choice[step])
                for next in table.candidates(step) where table.objective[next] < table.objective[present] {
                    guard violation(present, next) == 0 else { continue }
                    moves.append((pricer.reduced[next] - pricer.reduced[present], step, next))
                }
            }
            guard !moves.isEmpty else { return }
            moves.sort { ($0.score, $0.step, $0.next) < ($1.score, $1.step, $1.next) }
            for (_, step, next) in moves {
                let present = Int(choice[step])
                guard table.objective[next] < table.objective[present], violation(present, next) == 0 else { continue }
                move(step, to: next)
            }
        }
    }

    /// Raises the multipliers of the broken limits until a whole chain keeps them all.
    private mutating func tighten(_ multipliers: [Double]) -> Incumbent? {
        var pricer = pricer
        var multipliers = multipliers
        var best: Incumbent?
        var pace = 0.05 * Double(max(1, table.stepCount))
        for _ in 0..<60 {
            _ = pricer.price(multipliers)
            let totals = table.evaluate(pricer.choice)
            var broken = false
            for (index, row) in table.rows.enumerated() where totals.amounts[index] > row.limit {
                broken = true
                let excess = (totals.amounts[index] - row.limit) / row.scale
                multipliers[index] += pace * max(excess, 0.01) / row.scale
            }
            if !broken {
                if totals.objective < best?.objective ?? .infinity {
                    best = Incumbent(choice: pricer.choice, totals: totals)
                }
                return best
            }
            pace *= 1.3
        }
        return best
    }
}
