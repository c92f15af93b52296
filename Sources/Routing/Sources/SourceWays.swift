package import Domain
import Optimization

/// Chooses the optional sources for each model of a step: one candidate per model, in its best way.
///
/// A way of asking is a model with a subset of the sources. Under the price of lost quality a way is worth
/// `price x quality - burden`, as a candidate is. At given prices the ways of one model do not depend on those of
/// another, so each model's best way is found alone, as in column generation: the plan and the rule see one candidate per
/// model.
struct SourceWays {
    /// A model's candidate with one subset.
    private struct Way {
        var candidate: Candidate
        let subset: SourceSubset
    }

    private let sources: StepSources
    /// `[model][subset]`.
    private let ways: [[Way]]

    /// - Parameter predicting: a model's prediction for the step with all sources.
    private init(
        _ step: Step, sources: StepSources, in context: RoutingContext, predicting: (Model) -> Prediction
    ) {
        self.sources = sources
        var predictions: [ModelID: Prediction] = [:]
        for priced in context.models { predictions[priced.model.id] = predicting(priced.model) }
        let table = sources.subsets.map { subset in
            Candidates.of(step.sending(subset), in: context) { model in
                var prediction = predictions[model.id] ?? TierPrior.prediction(of: model.tier)
                prediction.quality *= subset.qualityShare
                return prediction
            }
        }
        let subsets = sources.subsets
        ways = context.models.indices.map { model in
            subsets.indices.map { Way(candidate: table[$0][model], subset: subsets[$0]) }
        }
    }

    /// One candidate per model of the context, each with its best sources where the step has optional ones.
    static func candidates(
        of step: Step, by estimates: any StepEstimates, in context: RoutingContext, predicting: (Model) -> Prediction
    ) -> [Candidate] {
        guard let sources = step.sources else { return Candidates.of(step, in: context, predicting: predicting) }
        let ways = SourceWays(step, sources: sources, in: context, predicting: predicting)
        let fullest = ways.fullest
        let able = fullest.indices.filter { fullest[$0].rejection == nil }
        guard context.policy.kappa.isPriced, let reference = StepForecast.reference(able, fullest) else {
            return fullest
        }
        let priced = PricedStep(
            able.map { fullest[$0] }, reference: fullest[reference], models: context.models.map(\.model),
            estimates: estimates, isTested: false, position: step.position, context: context)
        return ways.best(by: priced, within: context.remaining)
    }

    /// The candidate of each model with the sources of the greatest quality that it can be sent, the cheapest of such.
    /// Prices are found on these. Under a line of kappa they stand, because no quality is given away there.
    private var fullest: [Candidate] {
        ways.map { ways in
            let able = ways.filter { $0.candidate.rejection == nil }
            let best = able.max { left, right in
                let (one, other) = (left.candidate, right.candidate)
                return one.prediction.quality == other.prediction.quality
                    ? one.cost.total > other.cost.total : one.prediction.quality < other.prediction.quality
            }
            return candidate(best ?? ways[0], others: [])
        }
    }

    /// The candidate of each model in its best way.
    ///
    /// - Parameter remaining: ways beyond these limits are only taken where no other is left.
    private func best(by priced: PricedStep, within remaining: Remaining) -> [Candidate] {
        func value(_ way: Candidate) -> Double { priced.price * way.prediction.quality - priced.burden(of: way) }
        return ways.map { ways in
            let able = ways.filter { $0.candidate.rejection == nil }
            let fitting = able.filter { remaining.admits($0.candidate) }
            let best = (fitting.isEmpty ? able : fitting).max { left, right in
                let (one, other) = (value(left.candidate), value(right.candidate))
                return one == other ? left.subset.qualityShare < right.subset.qualityShare : one < other
            }
            guard let best else { return candidate(ways[0], others: []) }
            return candidate(best, others: able)
        }
    }

    private func candidate(_ way: Way, others: [Way]) -> Candidate {
        var candidate = way.candidate
        let mask = way.subset.mask
        candidate.sources = SourceChoice(
            sent: sources.names(in: mask), left: sources.names(in: sources.all & ~mask), mask: mask,
            remarks: remarks(way, others: others))
        return candidate
    }

    /// Each source's expected gain of quality and cost, where a way without or with it alone was looked at.
    private func remarks(_ way: Way, others: [Way]) -> [String] {
        guard !others.isEmpty else { return [] }
        return sources.sources.indices.compactMap { place in
            let bit = UInt64(1) << UInt64(place)
            guard let other = others.first(where: { $0.subset.mask == way.subset.mask ^ bit }) else { return nil }
            let isSent = way.subset.mask & bit != 0
            let (with, without) = isSent ? (way.candidate, other.candidate) : (other.candidate, way.candidate)
            let gain = with.prediction.quality - without.prediction.quality
            let cost = Money(nanoUSD: with.cost.total.nanoUSD - without.cost.total.nanoUSD)
            return "\(sources.sources[place].id) \(isSent ? "sent" : "not sent"): expected to add "
                + "\(Decimals.two(gain)) of quality for $\(cost)"
        }
    }
}

extension Remaining {
    /// Whether a candidate's highest bill, expected seconds and joules fit.
    fileprivate func admits(_ candidate: Candidate) -> Bool {
        (budget.map { candidate.worstCaseCost <= $0 } ?? true)
            && (seconds.map { candidate.latencySeconds <= $0 } ?? true)
            && (joules.map { candidate.energyJoules <= $0 } ?? true)
    }
}

extension Step {
    /// The step with the sources that a candidate's model is sent.
    package func asked(of candidate: Candidate) -> Step {
        guard let sources, let choice = candidate.sources,
            let subset = sources.subsets.first(where: { $0.mask == choice.mask })
        else { return self }
        return sending(subset)
    }
}
