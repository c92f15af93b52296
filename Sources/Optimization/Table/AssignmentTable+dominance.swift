extension AssignmentTable {
    /// Drops every dominated candidate: another one of its step is at least as good in the objective and in all rows.
    ///
    /// With switching, replacing m by n may add n's entry now and m's entry in the next step. So n dominates m only
    /// with both added, and the optimum is never lost.
    mutating func removeDominated() {
        let width = rowCount
        var kept: [Int] = []
        kept.reserveCapacity(candidateCount)
        var keptStarts = [0]
        keptStarts.reserveCapacity(stepCount + 1)
        var nextEntry: [Int32] = []
        for step in 0..<stepCount {
            let range = candidates(step)
            if hasSwitching { nextEntry = entries(of: step + 1) }
            if range.count > Self.pairwise {
                kept += frontRunners(range, step: step, nextEntry: nextEntry)
                keptStarts.append(kept.count)
                continue
            }
            candidates: for loser in range {
                for winner in range where winner != loser {
                    if dominates(winner, loser, step: step, nextEntry: nextEntry, width: width) {
                        continue candidates
                    }
                }
                kept.append(loser)
            }
            keptStarts.append(kept.count)
        }
        guard kept.count < candidateCount else { return }
        starts = keptStarts
        models = kept.map { models[$0] }
        objective = kept.map { objective[$0] }
        amounts = kept.flatMap { amounts[$0 * width..<$0 * width + width] }
        if hasSwitching {
            enterAmounts = kept.flatMap { enterAmounts[$0 * width..<$0 * width + width] }
            enterObjective = kept.map { enterObjective[$0] }
        }
    }

    /// Most candidates of a step that are all compared with each other.
    private static let pairwise = 64

    /// Of a step with very many candidates, those that none of the best few dominates. Not all dominated ones are
    /// dropped, but the time is linear.
    private func frontRunners(_ range: Range<Int>, step: Int, nextEntry: [Int32]) -> [Int] {
        let order = range.sorted { (objective[$0], $0) < (objective[$1], $1) }
        var front: [Int] = []
        var kept: [Int] = []
        for candidate in order {
            let beaten = front.contains {
                dominates($0, candidate, step: step, nextEntry: nextEntry, width: rowCount)
            }
            if beaten { continue }
            kept.append(candidate)
            if front.count < Self.pairwise { front.append(candidate) }
        }
        return kept.sorted()
    }

    /// For each model, the candidate of a step, or -1.
    private func entries(of step: Int) -> [Int32] {
        var entries = [Int32](repeating: -1, count: modelCount)
        guard step < stepCount else { return entries }
        for candidate in candidates(step) { entries[Int(models[candidate])] = Int32(candidate) }
        return entries
    }

    private func dominates(_ winner: Int, _ loser: Int, step: Int, nextEntry: [Int32], width: Int) -> Bool {
        var surcharge = 0.0
        var next = -1
        if hasSwitching {
            next = Int(nextEntry[Int(models[loser])])
            if step > 0 { surcharge += enterObjective[winner] }
            if next >= 0 { surcharge += enterObjective[next] }
        }
        let gain = objective[loser] - objective[winner] - surcharge
        if gain < 0 { return false }
        var strict = gain > 0
        for row in 0..<width {
            var surcharge = 0.0
            if hasSwitching {
                if step > 0 { surcharge += enterAmounts[winner * width + row] }
                if next >= 0 { surcharge += enterAmounts[next * width + row] }
            }
            let gain = amounts[loser * width + row] - amounts[winner * width + row] - surcharge
            if gain < 0 { return false }
            if gain > 0 { strict = true }
        }
        return strict || winner < loser
    }
}
