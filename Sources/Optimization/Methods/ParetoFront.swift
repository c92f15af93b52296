/// The exact Pareto front of two criteria.
package struct ParetoFront: Sendable {
    /// One plan of the front.
    package struct Point: Sendable {
        package var choice: [Int]
        package var totals: AssignmentTotals

        package init(choice: [Int], totals: AssignmentTotals) {
            self.choice = choice
            self.totals = totals
        }
    }

    /// From the least `first` to the least `second`.
    package var points: [Point]
    /// False if the number of points or the time ran out before the end of the front.
    package var isComplete: Bool

    package init(points: [Point], isComplete: Bool) {
        self.points = points
        self.isComplete = isComplete
    }

    /// Traces the front by epsilon-constraint: the least `first` with `second` below the previous point's, then the
    /// least `second` at that `first`.
    ///
    /// - Parameters:
    ///   - limit: most points; the trace stops there.
    package static func trace(
        _ program: AssignmentProgram, first: Criterion = .cost, second: Criterion = .accuracy, limit: Int = 1000,
        with solver: AssignmentSolver = .init()
    ) throws(OptimizationError) -> ParetoFront {
        guard first != second else { throw .invalid(.init("second", "a front needs two different criteria")) }
        var front = ParetoFront(points: [], isComplete: false)
        let clock = SolveClock(limit: program.timeLimit)
        var held = program
        held.gap = 0
        while front.points.count < limit, try !clock.isOver() {
            let solution: AssignmentSolution
            do {
                solution = try Lexicographic(order: [first, second]).solve(held, with: solver)
            } catch .infeasible where !front.points.isEmpty {
                front.isComplete = true
                return front
            } catch {
                throw error
            }
            if let last = front.points.last, solution.totals.amount(second) >= last.totals.amount(second) {
                front.isComplete = true
                return front
            }
            front.points.append(Point(choice: solution.choice, totals: solution.totals))
            let amount = solution.totals.amount(second)
            let step = second == .cost ? 1 : 1e-7 * max(1e-3, abs(amount))
            guard amount >= step else {
                front.isComplete = true
                return front
            }
            held = program.holding(second, at: amount - step)
            held.gap = 0
        }
        return front
    }

    /// The non-dominated options of one step in all four criteria, by model.
    package static func options(_ options: [AssignmentOption?]) -> [Int] {
        options.indices.filter { index in
            guard let option = options[index] else { return false }
            return !options.contains { other in other.map { $0.beats(option) } ?? false }
        }
    }
}

extension AssignmentOption {
    /// Whether this option is at least as good in all four criteria, and better in one.
    func beats(_ other: AssignmentOption) -> Bool {
        guard cost <= other.cost, energy <= other.energy, latency <= other.latency, accuracy >= other.accuracy else {
            return false
        }
        return self != other
    }
}
