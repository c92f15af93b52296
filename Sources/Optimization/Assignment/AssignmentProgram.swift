/// Which model does which step: options, weights and limits (docs/optimizer.md, section 1).
///
/// Binary x[s,m], one model a step; minimise the sum over steps of
/// w_c cost + w_e energy + w_l latency + w_a (1 - accuracy), each criterion scaled to 0...1 by one affine map for the
/// whole program (its least and greatest value over the allowed options), so the objective is linear and comparable
/// between steps. Switching amounts are added on the same scale.
package struct AssignmentProgram: Sendable {
    /// `[step][model]`, nil where the model cannot or must not serve the step. All rows have the same length.
    package var options: [[AssignmentOption?]]
    /// kappa of each step (0 for none): an option whose accuracy is below its step's floor is not allowed. Empty: none.
    package var accuracyFloors: [Double]
    /// How much each criterion counts; at least one is above 0.
    package var weights: AssignmentWeights
    /// `[step][model]`: what it costs on top when the step before ran on another model. Empty: nothing.
    package var switching: [[AssignmentSwitch]]
    /// The model that ran before step 0, where there was one: moving away from it costs `switching[0][model]`.
    package var previous: Int?
    /// Most that all steps may cost together, switching included, nano-USD.
    package var budget: Double?
    /// Most seconds that every path of steps may take, switching included.
    package var deadline: Double?
    /// Steps that run one after another, for the deadline. Empty: all steps are one chain.
    package var latencyPaths: [[Int]]
    /// Most joules that all steps may take together, switching included.
    package var energyCap: Double?
    /// Least mean of the chosen options' accuracy.
    package var minimumMeanAccuracy: Double?
    /// For each model, how many steps of the horizon it may run; nil for any number. Empty: any number for all.
    package var slots: [Int?]
    /// Further linear limits: carbon, a provider's token rate, ...
    package var limits: [AssignmentLimit]
    /// Wall-clock time after which the best plan found so far is returned with its certificate. Above zero.
    package var timeLimit: Duration
    /// Relative gap, (objective - bound) / objective, at which the search may stop; 0 asks for a proven optimum.
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

    /// kappa of a step; 0 where none was given.
    package func accuracyFloor(_ step: Int) -> Double {
        accuracyFloors.isEmpty ? 0 : accuracyFloors[step]
    }
}
