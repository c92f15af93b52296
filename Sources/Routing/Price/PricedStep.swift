package import Domain
import Estimation
import Optimization

/// A step's candidates under the price of lost quality (`max_loss`).
///
/// A candidate's value is `price x quality - burden`. The burden adds its cost, energy and time, each in amounts of the
/// kind's best model and by the policy's weights, so the price is the share of a usual call that one lost right answer
/// outweighs. The candidate's own kappa is the similarity at which its saving pays for its expected loss:
///
///     kappa_m = 1 - (burden_r - burden_m) / (price x quality_r),  similarity_m = min(1, quality_m / quality_r)
package struct PricedStep: Hashable, Sendable {
    /// What one right answer is worth at this position.
    package let price: Double
    /// The policy's dial, for texts that explain a choice.
    package let maxLoss: Double
    private var burdens: [ModelID: Double] = [:]
    private var reference: Candidate
    /// Price of one unit of each amount, in the units of `AssignmentOption`.
    let costPrice: Double
    let energyPrice: Double
    let latencyPrice: Double

    /// Loss of accuracy, in points, when one step goes to the smaller model in the early, middle and late third of a run.
    /// Source: HERA, arXiv 2504.00434 and AIMS (EuroSys '26).
    package static let lossByThird = [5.25, 7.59, 9.53]

    /// Prices of what is left of a session, which are in the three above; nil without a learned value.
    let rest: RunPrices?

    /// Whether the run's limits leave no room for the dial, so that every candidate passes.
    private(set) var isRelaxed = false

    /// Factor of the price for one point of kappa that measured quality asks for (`RoutingContext.kappaOffset`).
    ///
    /// At the standard price a point of kappa is about what the price itself amounts to.
    static let factorPerPoint = 100.0

    /// - Parameters:
    ///   - candidates: those that can serve the step.
    ///   - models: the models of the step, those of the candidates among them.
    ///   - isTested: whether a judge tests the answers, so that another one can follow.
    ///   - usual: the candidates with all sources and at their own effort, whose best gives the unit of burdens; nil
    ///     where `candidates` are these.
    init(
        _ candidates: [Candidate], reference: Candidate, models: [Model], estimates: any StepEstimates,
        isTested: Bool, position: Int, context: RoutingContext, usual: [Candidate]? = nil
    ) {
        let policy = context.policy
        let weights = policy.weights
        let lossPrice = estimates.lossPrice(keeping: policy.maxLoss, isTested: isTested)
        // A smaller weight of accuracy never undercuts the dial.
        let accuracy = max(1, weights.accuracy / Weights.standard.accuracy)
        let pace = context.priceFactor.isFinite ? max(context.priceFactor, 0) : 1
        let measured = context.kappaOffset.isFinite ? 1 + Self.factorPerPoint * max(context.kappaOffset, 0) : 1
        price =
            lossPrice.multiple * pace * measured * accuracy * Self.weight(position: position, horizon: context.horizon)
        maxLoss = policy.maxLoss
        self.reference = reference
        let usual = usual ?? candidates
        let scale = usual.max { Self.isLess($0, $1) } ?? reference
        let sum = max(weights.cost + weights.energy + weights.latency, .leastNormalMagnitude)
        func unit(_ weight: Double, _ amount: Double, _ most: Double) -> Double {
            let unit = amount > 0 ? amount : most
            return unit > 0 ? weight / sum / unit : 0
        }
        let size = models.first { $0.id == scale.model }.map { estimates.relativeSize(of: $0) } ?? 1
        rest = context.rest?.prices(usual)
        let worth = price
        func later(_ quality: Double?, _ units: Double) -> Double { worth * (quality ?? 0) / units }
        costPrice =
            later(rest?.perDollar, 1e9)
            + unit(
                weights.cost, Double(scale.cost.total.nanoUSD) / (size.isFinite && size > 0 ? size : 1),
                Double(usual.map(\.cost.total.nanoUSD).max() ?? 0))
        energyPrice = unit(weights.energy, scale.energyJoules, usual.map(\.energyJoules).max() ?? 0)
        latencyPrice =
            later(rest?.perSecond, 1)
            + unit(weights.latency, scale.latencySeconds, usual.map(\.latencySeconds).max() ?? 0)
        for candidate in candidates { burdens[candidate.model] = burden(of: candidate) }
    }

    /// The order of the models that scale a kind: expected quality over the kind, then ability, then name.
    private static func isLess(_ one: Candidate, _ other: Candidate) -> Bool {
        let left = (one.prediction.usual, one.prediction.ability ?? 0)
        let right = (other.prediction.usual, other.prediction.ability ?? 0)
        return left == right ? one.model > other.model : left < right
    }

    /// The weight of a step's quality within its run: HERA's loss by third, with a mean of 1; 1 for a lone step.
    package static func weight(position: Int, horizon: Int) -> Double {
        let place = max(position, 1)
        let length = place - 1 + max(horizon, 1)
        guard length > 1 else { return 1 }
        let third = min(2, 3 * (place - 1) / length)
        return lossByThird[third] / (lossByThird.reduce(0, +) / Double(lossByThird.count))
    }

    /// The cost, energy and time of a model's candidate, in usual calls of the kind's best model.
    package func burden(_ model: ModelID) -> Double { burdens[model] ?? .infinity }

    /// The same of any candidate, such as a model in another way of asking than the step's candidate.
    func burden(of candidate: Candidate) -> Double {
        costPrice * Double(candidate.cost.total.nanoUSD) + energyPrice * candidate.energyJoules
            + latencyPrice * candidate.latencySeconds
    }

    /// The value of a candidate's answer less its burden, in the same unit.
    func value(_ candidate: Candidate) -> Double { price * candidate.prediction.quality - burden(of: candidate) }

    /// Similarity to the reference, given that the reference is right.
    func similarity(_ candidate: Candidate) -> Double {
        Similarity.expected(candidate.prediction.quality, reference: reference.prediction.quality)
    }

    /// The candidate's kappa: the least similarity that its saving pays for. Above 1 for a model that saves nothing, and
    /// for all at `max_loss` 0, where the reference answers alone.
    func threshold(_ model: ModelID) -> Double { threshold(model, burden: burden(model)) }

    /// The same of any candidate.
    func threshold(of candidate: Candidate) -> Double { threshold(candidate.model, burden: burden(of: candidate)) }

    private func threshold(_ model: ModelID, burden: Double) -> Double {
        if isRelaxed { return -1 }
        if maxLoss <= 0, model != reference.model { return 2 }
        let worth = price * reference.prediction.quality
        let saving = self.burden(reference.model) - burden
        guard worth > 0 else { return saving > 0 ? 0 : 2 }
        return max(0, 1 - saving / worth)
    }

    /// Compares with a model in another way of asking from here on.
    mutating func take(_ candidate: Candidate) {
        burdens[candidate.model] = burden(of: candidate)
        if candidate.model == reference.model { reference = candidate }
    }

    /// The step for limits that leave no room for the dial: every candidate passes, in the plan's order.
    var relaxed: PricedStep {
        var step = self
        step.isRelaxed = true
        return step
    }

    /// The weights of an assignment whose criteria are scaled this way, so that its objective is the candidates' burden
    /// less the value of their quality.
    func weights(on scale: CriterionScale) -> AssignmentWeights {
        let weights = AssignmentWeights(
            cost: costPrice * scale.span[0], energy: energyPrice * scale.span[1],
            latency: latencyPrice * scale.span[2], accuracy: price * scale.span[3])
        return weights.cost + weights.energy + weights.latency + weights.accuracy > 0
            ? weights : AssignmentWeights(cost: 1, energy: 0, latency: 0, accuracy: 0)
    }

    /// The model that the others are compared with.
    package var referenceModel: ModelID { reference.model }

    /// The kappa that a decision shows: the candidate's own, and for the reference that of a model that costs nothing.
    package func kappa(of model: ModelID) -> Double {
        guard model == reference.model else { return min(max(threshold(model), 0), 1) }
        let worth = price * reference.prediction.quality
        return worth > 0 ? max(0, 1 - burden(model) / worth) : 0
    }
}
