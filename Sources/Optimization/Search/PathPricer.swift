/// Finds the choice of least reduced cost: objective + multipliers x amounts, with all limits relaxed.
///
/// Without switching each step is independent. With it, a dynamic program over the chain: entering a model costs the
/// same from any other, so each step takes time linear in its candidates.
struct PathPricer {
    let table: AssignmentTable
    /// Reduced value and entry value of every candidate, of the last call.
    private(set) var reduced: [Double]
    private(set) var entry: [Double]
    /// The choice of the last call.
    private(set) var choice: [Int32]
    /// Candidates excluded by a branch of the search: their reduced value is infinite.
    var blocked: [Int32] = []
    private var cheapest: [Double]
    private var from: [Int32]

    init(_ table: AssignmentTable) {
        self.table = table
        reduced = [Double](repeating: 0, count: table.candidateCount)
        let entries = table.hasSwitching ? table.candidateCount : 0
        entry = [Double](repeating: 0, count: entries)
        cheapest = entry
        from = [Int32](repeating: -1, count: entries)
        choice = [Int32](repeating: 0, count: table.stepCount)
    }

    /// Prices every candidate with the multipliers and returns the least reduced value of a whole choice.
    /// `objectiveWeight` 0 drops the objective, for questions of feasibility alone.
    mutating func price(_ multipliers: [Double], objectiveWeight: Double = 1) -> Double {
        reduce(table.objective, table.amounts, &reduced, multipliers, objectiveWeight)
        for candidate in blocked { reduced[Int(candidate)] = .infinity }
        guard table.hasSwitching else { return chooseAlone() }
        reduce(table.enterObjective, table.enterAmounts, &entry, multipliers, objectiveWeight)
        return chooseChain()
    }

    private func reduce(
        _ objective: [Double], _ amounts: [Double], _ result: inout [Double], _ multipliers: [Double],
        _ objectiveWeight: Double
    ) {
        let width = table.rowCount
        let count = objective.count
        objective.withUnsafeBufferPointer { objective in
            amounts.withUnsafeBufferPointer { amounts in
                multipliers.withUnsafeBufferPointer { multipliers in
                    result.withUnsafeMutableBufferPointer { result in
                        switch width {
                        case 1:
                            let first = multipliers[0]
                            for index in 0..<count {
                                result[index] = objectiveWeight * objective[index] + first * amounts[index]
                            }
                        case 3:
                            let (first, second, third) = (multipliers[0], multipliers[1], multipliers[2])
                            var place = 0
                            for index in 0..<count {
                                result[index] =
                                    objectiveWeight * objective[index] + first * amounts[place]
                                    + second * amounts[place + 1] + third * amounts[place + 2]
                                place += 3
                            }
                        default:
                            var place = 0
                            for index in 0..<count {
                                var sum = objectiveWeight * objective[index]
                                for row in 0..<width { sum += multipliers[row] * amounts[place + row] }
                                result[index] = sum
                                place += width
                            }
                        }
                    }
                }
            }
        }
    }

    private mutating func chooseAlone() -> Double {
        var total = 0.0
        let starts = table.starts
        reduced.withUnsafeBufferPointer { reduced in
            for step in 0..<table.stepCount {
                var best = starts[step]
                var least = reduced[best]
                var candidate = best + 1
                while candidate < starts[step + 1] {
                    if reduced[candidate] < least {
                        least = reduced[candidate]
                        best = candidate
                    }
                    candidate += 1
                }
                choice[step] = Int32(truncatingIfNeeded: best)
                total += least
            }
        }
        return total
    }

    private mutating func chooseChain() -> Double {
        for candidate in table.candidates(0) { cheapest[candidate] = reduced[candidate] }
        var best = leastCheapest(0)
        for step in 1..<table.stepCount {
            let before = (step - 1) * table.modelCount
            let least = cheapest[best]
            for candidate in table.candidates(step) {
                var value = least + entry[candidate]
                var origin = Int32(best)
                let same = table.candidateOfModel[before + Int(table.models[candidate])]
                if same >= 0, cheapest[Int(same)] <= value {
                    value = cheapest[Int(same)]
                    origin = same
                }
                cheapest[candidate] = value + reduced[candidate]
                from[candidate] = origin
            }
            best = leastCheapest(step)
        }
        var candidate = best
        for step in stride(from: table.stepCount - 1, through: 1, by: -1) {
            choice[step] = Int32(candidate)
            candidate = Int(from[candidate])
        }
        choice[0] = Int32(candidate)
        return cheapest[best]
    }

    private func leastCheapest(_ step: Int) -> Int {
        let range = table.candidates(step)
        var best = range.lowerBound
        for candidate in range where cheapest[candidate] < cheapest[best] { best = candidate }
        return best
    }
}
