/// A plan with its certificate.
package struct AssignmentSolution: Sendable {
    /// The model of each step.
    package var choice: [Int]
    /// The scaled weighted sum that was minimised; between 0 and the number of steps, plus switching.
    package var objective: Double
    package var totals: AssignmentTotals
    /// No plan that keeps the limits has an objective below this.
    package var bound: Double
    /// What the limits cost: one entry a limit of the program, in its order.
    package var shadowPrices: [ShadowPrice]
    package var method: AssignmentMethod

    /// Relative distance that the plan can be from optimal: (objective - bound) / objective.
    package var gap: Double {
        objective <= bound ? 0 : (objective - bound) / max(abs(objective), .leastNormalMagnitude)
    }
    /// Whether the gap asked for was reached; false when the time limit cut the search short.
    package var proven: Bool
    /// The limits that cost something: without them, the plan could be better.
    package var bindingLimits: [LimitName] {
        shadowPrices.filter { $0.objectivePerUnit > 0 }.map(\.limit)
    }
}

/// What a plan uses. Nano-USD, joules, seconds (the sum over all steps), and the mean accuracy.
package struct AssignmentTotals: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var meanAccuracy: Double

    package init(cost: Double, energy: Double, latency: Double, meanAccuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.meanAccuracy = meanAccuracy
    }
}

/// How a plan was found.
package enum AssignmentMethod: String, Sendable {
    /// Dynamic programming over the chain; exact where no limit couples the steps.
    case dynamicProgramming
    /// Every option of the only step.
    case enumeration
    /// Lagrangian bound, a plan within the gap found on the way.
    case lagrangian
    /// Exhaustive search under the Lagrangian bound.
    case search
    /// Branch and bound with the Lagrangian dual in every node.
    case branchAndPrice
    /// GLPK's branch and bound.
    case glpk
}

/// The dual value of one limit, from the linear relaxation: what one more unit of it is worth.
package struct ShadowPrice: Sendable, Hashable {
    package var limit: LimitName
    /// Drop of the objective for one more unit of the limit (nano-USD, seconds, joules, steps; for the mean accuracy,
    /// one unit less of it), at the margin. 0: the limit does not bind.
    package var objectivePerUnit: Double
    /// What is left of the limit in this plan, in its unit.
    package var slack: Double
    /// The same drop counted in accuracy: points of mean accuracy (1 is 100 %) that would be worth as much; nil where
    /// accuracy has no weight.
    package var meanAccuracyPerUnit: Double?
}
