/// Which model does which step: options, weights and limits (docs/internals/optimization.md, "The program").
///
/// Binary x[s,m], one model a step; minimise the sum over steps of
/// w_c cost + w_e energy + w_l latency + w_a (1 - accuracy), each criterion scaled to 0...1 by one affine map for the
/// whole program (its least and greatest value over the allowed options), so the objective is linear and comparable
/// between steps. Switching amounts are added on the same scale.
package struct AssignmentProgram: Sendable {
    /// `[step][model]`, nil if the model cannot or must not serve the step. All rows have the same length.
    package var options: [[AssignmentOption?]]
    /// kappa of each step (0 for none). Options below their step's floor are not allowed. Empty: none.
    package var accuracyFloors: [Double]
    /// The weight of each criterion; at least one is above 0.
    package var weights: AssignmentWeights
    /// `[step][model]`: the extra cost if the previous step ran on another model. Empty: none.
    package var switching: [[AssignmentSwitch]]
    /// The model that ran before step 0, if any. Another model at step 0 costs `switching[0][model]`.
    package var previous: Int?
    /// Budget of all steps, switching included, nano-USD.
    package var budget: Double?
    /// Most seconds of every path of steps, switching included.
    package var deadline: Double?
    /// Paths of steps that run one after another, for the deadline. Empty: all steps are one chain.
    package var latencyPaths: [[Int]]
    /// Most joules of all steps, switching included.
    package var energyCap: Double?
    /// Least mean of the chosen options' accuracy.
    package var minimumMeanAccuracy: Double?
    /// For each model, the most steps that it may run; nil for any number. Empty: any number for all.
    package var slots: [Int?]
    /// Further linear limits: carbon, a provider's token rate, ...
    package var limits: [AssignmentLimit]
    /// Wall-clock limit, above zero. Then the best plan so far is returned with its certificate.
    package var timeLimit: Duration
    /// Relative gap, (objective - bound) / objective, at which the search may stop. 0 requires a proven optimum.
    package var gap: Double

    package init(
        options: [[AssignmentOption?]], accuracyFloors: [Double] = [], weights: AssignmentWeights,
        switching: [[AssignmentSwitch]] = [], previous: Int? = nil, budget: Double? = nil, deadline: Double? = nil,
        latencyPaths: [[Int]] = [], energyCap: Double? = nil, minimumMeanAccuracy: Double? = nil, slots: [Int?] = [],
        limits: [AssignmentLimit] = [], timeLimit: Duration = .seconds(1), gap: Double = 1e-6
    ) {
        self.options = options
        self.accuracyFloors = accuracyFloors
        self.weights = weights
        self.switching = switching
        self.previous = previous
        self.budget = budget
        self.deadline = deadline
        self.latencyPaths = latencyPaths
        self.energyCap = energyCap
        self.minimumMeanAccuracy = minimumMeanAccuracy
        self.slots = slots
        self.limits = limits
        self.timeLimit = timeLimit
        self.gap = gap
    }

    /// Number of steps.
    package var stepCount: Int { options.count }
    /// Number of models, allowed or not.
    package var modelCount: Int { options.first?.count ?? 0 }

    /// kappa of a step; 0 for none.
    package func accuracyFloor(_ step: Int) -> Double {
        accuracyFloors.isEmpty ? 0 : accuracyFloors[step]
    }
}

/// The predicted amounts of one model for one step.
///
/// All four are finite and at least 0. `cost` is in nano-USD (a whole number up to 2^53 if it comes from prices),
/// `energy` in joules, `latency` in seconds. `accuracy` is the predicted probability, 0...1, that the answer is
/// acceptable.
package struct AssignmentOption: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double
    package var accuracy: Double

    package init(cost: Double, energy: Double, latency: Double, accuracy: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
        self.accuracy = accuracy
    }
}

/// The amounts that a switch of models adds to an option. The prompt cache is lost, so the prefix is billed at the
/// uncached price and prefilled again. Nano-USD, joules, seconds.
package struct AssignmentSwitch: Sendable, Hashable {
    package var cost: Double
    package var energy: Double
    package var latency: Double

    package init(cost: Double, energy: Double, latency: Double) {
        self.cost = cost
        self.energy = energy
        self.latency = latency
    }

    /// A switch without cost.
    package static let free = AssignmentSwitch(cost: 0, energy: 0, latency: 0)
}
