import Domain
import Optimization

/// What a plan reckons with: its use of the run's limits step by step, and what the limits cost (shadow prices).
package struct PlanForecast: Hashable, Sendable {
    /// Position of the plan's first step.
    var position: Int
    /// Steps that the run was expected to take from there on; may be more than were planned.
    var horizon: Int
    var shape: RunShape
    /// What was left of the limits.
    var remaining: Remaining
    /// Of each planned step's choice: nano-USD, seconds, joules and predicted quality.
    var uses: [Use]
    var referenceQuality: Double
    /// The models that the plan chose among.
    var models: Set<ModelID>
    /// The limits of the plan are those of this policy.
    var policy: Policy
    var catalogVersion: String
    /// The scale and the prices by which options of later steps compare as the plan's own do.
    var scale: CriterionScale
    var prices: Prices
    /// Share of the budget left that the plan does not use, 0...1.
    var spareBudget: Double

    struct Use: Hashable, Sendable {
        var nanoUSD: Double
        var seconds: Double
        var joules: Double
        var quality: Double
    }

    /// What one more unit of a limit is worth in the plan's objective.
    struct Prices: Hashable, Sendable {
        var nanoUSD = 0.0
        var second = 0.0
        var joule = 0.0
        /// Of one point of one step's accuracy (1 is 100 %).
        var accuracy = 0.0
        /// Whether a limit binds that has no price here.
        var hasOthers = false
    }

    init(
        of solution: AssignmentSolution, _ program: AssignmentProgram, step: Step, candidates: [Candidate],
        reference: Candidate, context: RoutingContext
    ) {
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

    /// Width of a criterion's scale in the plan; 0 where its options agree.
    func width(of criterion: Criterion) -> Double {
        // The scale says 1 where all options agree, which for money, energy and time is no width worth naming.
        let span = scale.span[Criterion.allCases.firstIndex(of: criterion) ?? 0]
        return span == 1 ? 0 : span
    }

    /// Whether the run's limits are kept where this option takes the place of the plan's own, and all goes on as planned.
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

    /// The scaled weighted sum of an option of any step, with what it uses of the limits at their prices.
    func pricedObjective(_ option: AssignmentOption) -> Double {
        scale.objective(option, policy.weights.assignment) + prices.nanoUSD * option.cost
            + prices.second * option.latency + prices.joule * option.energy - prices.accuracy * option.accuracy
    }
}
