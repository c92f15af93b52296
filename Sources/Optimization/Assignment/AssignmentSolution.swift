/// A plan with its certificate.
package struct AssignmentSolution: Sendable {
    /// The model of each step.
    package var choice: [Int]
    /// The minimised weighted sum, scaled. Between 0 and the number of steps, plus switching.
    package var objective: Double
    package var totals: AssignmentTotals
    /// A lower bound on the objective of every feasible plan.
    package var bound: Double
    /// The marginal value of each limit of the program, in its order.
    package var shadowPrices: [ShadowPrice]
    package var method: AssignmentMethod

    /// Relative distance of the plan from the optimum, at most: (objective - bound) / objective.
    package var gap: Double {
        objective <= bound ? 0 : (objective - bound) / max(abs(objective), .leastNormalMagnitude)
    }
    /// Whether the requested gap was reached. False if the time limit cut the search short.
    package var proven: Bool
    /// The limits with a shadow price: without them the plan could be better.
    package var bindingLimits: [LimitName] {
        shadowPrices.filter { $0.objectivePerUnit > 0 }.map(\.limit)
    }
}

/// The totals of a plan: nano-USD, joules, seconds (the sum over all steps), and the mean accuracy.
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

/// The method that found a plan.
package enum AssignmentMethod: String, Sendable {
    /// Dynamic programming over the chain; exact if no limit couples the steps.
    case dynamicProgramming
    /// Enumeration of a single step's options.
    case enumeration
    /// Lagrangian bound with a rounded plan within the gap.
    case lagrangian
    /// Exhaustive search under the Lagrangian bound.
    case search
    /// Branch and bound with the Lagrangian dual in every node.
    case branchAndPrice
    /// GLPK's branch and bound.
    case glpk
}

/// The dual value of one limit in the linear relaxation: the marginal value of one more unit.
package struct ShadowPrice: Sendable, Hashable {
    package var limit: LimitName
    /// Decrease of the objective for one more unit of the limit (nano-USD, seconds, joules, steps; for the mean
    /// accuracy, one unit less of it). 0 if the limit does not bind.
    package var objectivePerUnit: Double
    /// Unused amount of the limit in this plan, in its unit.
    package var slack: Double
    /// The same decrease in points of mean accuracy (1 is 100 %); nil if accuracy has no weight.
    package var meanAccuracyPerUnit: Double?
}
