package import Domain
import Optimization

/// The assignment of a run's next steps, and the order in which this step's candidates are tried.
package struct Plan: Hashable, Sendable {
    /// The model of each step of the horizon, this one first.
    package var choices: [ModelID]
    /// This step's candidates in the order of the rule's tests (docs/internals/routing.md).
    package var order: [ModelID]
    /// The models that would beat the reference if they did all of the plan's steps, best first. Empty if a step cannot
    /// be priced for them, or they are not expected to pass at each.
    package var requestCandidates: [ModelID]
    /// The names of the limits that bind; empty for none.
    package var binding: [String]
    /// Descriptions of their effects: "the deadline binds: 3 of 8 steps would otherwise run on edge; ...".
    package var effects: [String]
    /// This step's candidates in the ways that the plan asks them, where that is not how they came.
    package var ways: [Candidate] = []
    /// The plan's assumptions, to detect drift; nil for a plan that holds for one step only.
    package var forecast: PlanForecast?

    package init(
        choices: [ModelID], order: [ModelID], requestCandidates: [ModelID] = [], binding: [String] = [],
        effects: [String] = [],
        forecast: PlanForecast? = nil
    ) {
        self.choices = choices
        self.order = order
        self.requestCandidates = requestCandidates
        self.binding = binding
        self.effects = effects
        self.forecast = forecast
    }
}

/// The assumptions of a plan: its use of the run's limits step by step, and the limits' shadow prices.
package struct PlanForecast: Hashable, Sendable {
    /// Position of the plan's first step.
    var position: Int
    /// Expected steps of the run from there on; may exceed the planned ones.
    var horizon: Int
    var shape: RunShape
    /// The remaining limits at that time.
    var remaining: Remaining
    /// Use of each planned step's choice: nano-USD, seconds, joules and predicted quality.
    var uses: [Use]
    var referenceQuality: Double
    /// The models that the plan chose among.
    var models: Set<ModelID>
    /// The policy whose limits the plan keeps.
    var policy: Policy
    var catalogVersion: String
    /// The scale and the prices that compare options of later steps as the plan compares its own.
    var scale: CriterionScale
    var prices: Prices
    /// The weights of the solved program: the policy's, or those of the price of lost quality.
    var weights: AssignmentWeights
    /// Share of the remaining budget that the plan does not use, 0...1.
    var spareBudget: Double

    struct Use: Hashable, Sendable {
        var nanoUSD: Double
        var seconds: Double
        var joules: Double
        var quality: Double
    }

    /// The value of one more unit of a limit in the plan's objective.
    struct Prices: Hashable, Sendable {
        var nanoUSD = 0.0
        var second = 0.0
        var joule = 0.0
        /// Per point of one step's accuracy (1 is 100 %).
        var accuracy = 0.0
        /// Whether a limit without a price here binds.
        var hasOthers = false
    }

    init(
        of solution: AssignmentSolution, _ program: AssignmentProgram, step: Step, candidates: [Candidate],
        reference: Candidate, context: RoutingContext
    ) {
        weights = program.weights
        position = step.position
        horizon = context.horizon
        shape = context.shape
        remaining = context.remaining
        uses = solution.choice.enumerated().map { index, model in
            let option = program.options[index][model] ?? AssignmentOption(cost: 0, energy: 0, latency: 0, accuracy: 0)
            let moves = index > 0 && solution.choice[index - 1] != model && !program.switching.isEmpty
            let move = moves ? program.switching[index][model] : .free
            return Use(
                nanoUSD: option.cost + move.cost, seconds: option.latency + move.latency,
                joules: option.energy + move.energy, quality: option.accuracy)
        }
        referenceQuality = reference.prediction.quality
        models = Set(candidates.map(\.model))
        policy = context.policy
        catalogVersion = context.catalogVersion
        scale = CriterionScale(program)
        prices = Prices()
        spareBudget = 0
        for price in solution.shadowPrices {
            switch price.limit {
            case .budget:
                prices.nanoUSD = price.objectivePerUnit
                if let budget = program.budget, budget > 0 { spareBudget = min(max(price.slack / budget, 0), 1) }
            case .deadline: prices.second = price.objectivePerUnit
            case .energyCap: prices.joule = price.objectivePerUnit
            case .meanAccuracy: prices.accuracy = price.objectivePerUnit / Double(max(program.stepCount, 1))
            default: if price.objectivePerUnit > 0 { prices.hasOthers = true }
            }
        }
    }

    /// Shadow price of money on the scale of the normalised weights, which sum to 1.
    package var moneyPrice: Double { prices.nanoUSD * scale.span[0] }

    /// Shadow prices of cost, energy, latency and accuracy on the scale of the normalised weights.
    var scaledPrices: [Double] {
        zip([prices.nanoUSD, prices.joule, prices.second, prices.accuracy], scale.span).map { $0 * $1 }
    }

    /// Width of a criterion's scale in the plan; 0 if its options agree.
    func width(of criterion: Criterion) -> Double {
        // The scale's width is 1 if all options agree. For money, energy and time that is practically 0.
        let span = scale.span[Criterion.allCases.firstIndex(of: criterion) ?? 0]
        return span == 1 ? 0 : span
    }

    /// Whether the run's limits are kept if this option replaces the plan's own and the rest goes as planned.
    func hasRoom(for option: AssignmentOption, ahead: Int, context: RoutingContext) -> Bool {
        let later = uses.dropFirst(ahead + 1)
        let left = context.remaining
        func fits(_ amount: Double, _ use: (Use) -> Double, _ most: Double?) -> Bool {
            most.map { amount + later.reduce(0) { $0 + use($1) } <= $0 } ?? true
        }
        let isInTime =
            shape == .chain
            ? fits(option.latency, \.seconds, left.seconds) : left.seconds.map { option.latency <= $0 } ?? true
        let joules = option.energy + later.reduce(0) { $0 + $1.joules }
        let accuracy =
            option.accuracy + uses.enumerated().reduce(0) { $1.offset == ahead ? $0 : $0 + $1.element.quality }
        return isInTime && fits(option.cost, \.nanoUSD, left.budget.map { Double($0.nanoUSD) })
            && fits(option.energy, \.joules, left.joules)
            && (left.carbonGrams.map { context.economics.gramsCO2e(joules: joules) <= $0 } ?? true)
            && (policy.minAccuracy.map { accuracy >= $0 * Double(uses.count) } ?? true)
    }

    /// The scaled weighted sum of an option of any step, plus its use of the limits at their prices.
    ///
    /// - Parameter priced: a later step's own price of lost quality, which replaces the plan's weights.
    func pricedObjective(_ option: AssignmentOption, by priced: PricedStep? = nil) -> Double {
        scale.objective(option, priced.map { $0.weights(on: scale) } ?? weights) + prices.nanoUSD * option.cost
            + prices.second * option.latency + prices.joule * option.energy - prices.accuracy * option.accuracy
    }
}
