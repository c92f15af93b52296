extension Rounding {
    /// One step moved to another candidate.
    private struct Move {
        var step: Int
        var next: Int
        /// Change of the reduced cost, and of the objective.
        var reduced: Double
        var objective: Double
    }

    /// Most moves of one step among the paired ones.
    private static let perStep = 3

    /// Moves two steps at once when no single move helps: first to reduce violations, then to lower the objective
    /// without any. Pairs come from the closest calls, whose reduced cost changes least.
    ///
    /// - Parameters:
    ///   - breadth: most moves that are paired with each other; a round takes quadratic time in it.
    mutating func exchange(rounds: Int, breadth: Int) {
        let width = table.rowCount
        for _ in 0..<rounds {
            let moves = closestMoves(breadth)
            var deltas = [Double](repeating: 0, count: moves.count * width)
            for (index, move) in moves.enumerated() {
                let present = Int(choice[move.step])
                for row in 0..<width {
                    let change = table.amounts[move.next * width + row] - table.amounts[present * width + row]
                    deltas[index * width + row] = change / table.rows[row].scale
                }
            }
            let room = table.rows.indices.map { (table.rows[$0].limit - used[$0]) / table.rows[$0].scale }
            guard let pair = bestPair(moves, deltas, room) else { return }
            move(moves[pair.first].step, to: moves[pair.first].next)
            if let second = pair.second { move(moves[second].step, to: moves[second].next) }
        }
    }

    private func closestMoves(_ breadth: Int) -> [Move] {
        var moves: [Move] = []
        moves.reserveCapacity(table.stepCount * Self.perStep)
        for step in 0..<table.stepCount {
            let present = Int(choice[step])
            var kept = 0
            for next in table.candidates(step) where next != present && pricer.reduced[next] < .infinity {
                let move = Move(
                    step: step, next: next, reduced: pricer.reduced[next] - pricer.reduced[present],
                    objective: table.objective[next] - table.objective[present])
                // Insertion into the step's few best moves, which end the list.
                var place = moves.count
                while place > moves.count - kept, moves[place - 1].reduced > move.reduced { place -= 1 }
                if kept < Self.perStep {
                    moves.insert(move, at: place)
                    kept += 1
                } else if place < moves.count {
                    moves.insert(move, at: place)
                    moves.removeLast()
                }
            }
        }
        moves.sort { ($0.reduced, $0.step, $0.next) < ($1.reduced, $1.step, $1.next) }
        return Array(moves.prefix(breadth))
    }

    /// The move, or the two moves, of least violation, and of the lowest objective among equals. Nil if nothing
    /// improves.
    private func bestPair(
        _ moves: [Move], _ deltas: [Double], _ room: [Double]
    ) -> (first: Int, second: Int?)? {
        let width = room.count
        var best: (first: Int, second: Int?)?
        var least = room.reduce(0) { $0 + max(0, -$1) }
        var lowest = least == 0 ? -1e-12 : Double.infinity
        func consider(_ violation: Double, _ objective: Double, _ first: Int, _ second: Int?) {
            guard violation < least || (violation == least && objective < lowest) else { return }
            least = violation
            lowest = objective
            best = (first, second)
        }
        for first in moves.indices {
            var violation = 0.0
            for row in 0..<width { violation += max(0, deltas[first * width + row] - room[row]) }
            consider(violation, moves[first].objective, first, nil)
            for second in moves.index(after: first)..<moves.endIndex where moves[second].step != moves[first].step {
                let objective = moves[first].objective + moves[second].objective
                if least == 0, objective >= lowest { continue }
                var violation = 0.0
                for row in 0..<width {
                    violation += max(0, deltas[first * width + row] + deltas[second * width + row] - room[row])
                    if violation > least { break }
                }
                consider(violation, objective, first, second)
            }
        }
        return best
    }
}
