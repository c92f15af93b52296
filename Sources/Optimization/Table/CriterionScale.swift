/// The affine map of each criterion to 0...1 over the allowed options of a whole program.
///
/// One map for all steps keeps the objective linear, and a saved cent weighs the same in every step. The span also
/// covers the switching amounts, so that a criterion without differences between options still has a scale.
package struct CriterionScale: Hashable, Sendable {
    /// Cost, energy, latency and error (1 - accuracy), in the units of the options.
    package private(set) var least: [Double]
    /// Width of each criterion; 1 if all options agree.
    package private(set) var span: [Double]

    package init(_ program: AssignmentProgram) {
        var least: [Double] = [.infinity, .infinity, .infinity, .infinity]
        var greatest: [Double] = [-.infinity, -.infinity, -.infinity, -.infinity]
        var moves: [Double] = [0, 0, 0]
        for step in 0..<program.stepCount {
            let floor = program.accuracyFloor(step)
            for case .some(let option) in program.options[step] where option.accuracy >= floor {
                least[0] = min(least[0], option.cost)
                greatest[0] = max(greatest[0], option.cost)
                least[1] = min(least[1], option.energy)
                greatest[1] = max(greatest[1], option.energy)
                least[2] = min(least[2], option.latency)
                greatest[2] = max(greatest[2], option.latency)
                least[3] = min(least[3], 1 - option.accuracy)
                greatest[3] = max(greatest[3], 1 - option.accuracy)
            }
            guard !program.switching.isEmpty else { continue }
            for move in program.switching[step] {
                moves[0] = max(moves[0], move.cost)
                moves[1] = max(moves[1], move.energy)
                moves[2] = max(moves[2], move.latency)
            }
        }
        // In place: a decision makes several scales.
        for index in 0..<4 {
            let spread = greatest[index].isFinite ? greatest[index] - least[index] : 0
            let wide = index < 3 ? max(spread, moves[index]) : spread
            greatest[index] = wide > 0 ? wide : 1
            if !least[index].isFinite { least[index] = 0 }
        }
        self.least = least
        span = greatest
    }

    /// The scaled weighted sum of one option.
    package func objective(_ option: AssignmentOption, _ weights: AssignmentWeights) -> Double {
        var sum = weights.cost * (option.cost - least[0]) / span[0]
        sum += weights.energy * (option.energy - least[1]) / span[1]
        sum += weights.latency * (option.latency - least[2]) / span[2]
        sum += weights.accuracy * (1 - option.accuracy - least[3]) / span[3]
        return sum / weights.sum
    }

    /// The scaled weighted sum of a switch.
    func objective(_ move: AssignmentSwitch, _ weights: AssignmentWeights) -> Double {
        let sum =
            weights.cost * move.cost / span[0] + weights.energy * move.energy / span[1]
            + weights.latency * move.latency / span[2]
        return sum / weights.sum
    }

    /// Objective of one point of accuracy in one step; 0 if accuracy has no weight.
    func objectivePerAccuracy(_ weights: AssignmentWeights) -> Double {
        weights.accuracy / weights.sum / span[3]
    }
}
