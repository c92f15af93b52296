package import Domain
import Optimization

/// The ways of asking the models of a step: a model, at a level of effort, with some of the optional sources.
///
/// Under the price of lost quality a way is worth `price x quality - burden`, as a candidate is. At given prices the ways
/// of one model do not depend on those of another. So each model's best way is found alone, as in column generation, and
/// the rule sees one candidate per model. A plan under limits gets the other ways as columns of their own.
struct AskingWays: Sendable {
    /// One candidate per model of the context, in its order, each in its best way.
    let best: [Candidate]
    /// The same, at the models' own effort and with the sources of the greatest quality. They give the reference and
    /// the unit of burdens.
    let whole: [Candidate]
    /// By model with more than one way: those that no other way of it beats, at most `mostOfModel`.
    let ways: [ModelID: [Candidate]]

    /// Most ways of one model.
    static let mostOfModel = 12
    /// Most columns of one step of a plan, where its models are no more.
    static let mostOfStep = 64

    /// Multiples of the burden at which the best way of a model is looked for: limits make money, time or energy
    /// dearer by their shadow prices.
    private static let multiples = [1, 1.5, 2, 3, 5, 9, 20, 1e9]

    /// - Parameter predicting: a model's prediction for the step with all sources, at its own effort.
    /// - Returns: nil where every model has one way only.
    init?(
        of step: Step, by estimates: any StepEstimates, in context: RoutingContext, predicting: (Model) -> Prediction
    ) {
        let levels = context.models.map { EffortLevels.offered(of: $0.model, step: step, policy: context.policy) }
        guard step.sources != nil || levels.contains(where: { !$0.isEmpty }) else { return nil }
        let predictions = context.models.map { predicting($0.model) }
        let sent = SentSources(step)
        var own = context.models.indices.map { _ in [Way]() }
        for subset in sent.subsets {
            for (index, priced) in context.models.enumerated() {
                own[index].append(Way(priced, subset, prediction: predictions[index], context: context))
            }
        }
        let whole = own.map { Self.whole($0) }
        self.whole = whole.map { sent.candidate($0, others: []) }
        let able = whole.indices.filter { whole[$0].candidate.rejection == nil }
        guard context.policy.kappa.isPriced,
            let reference = StepForecast.reference(able, whole.map(\.candidate))
        else {
            best = self.whole
            ways = [:]
            return
        }
        let priced = PricedStep(
            able.map { whole[$0].candidate }, reference: whole[reference].candidate,
            models: context.models.map(\.model), estimates: estimates, isTested: false, position: step.position,
            context: context)
        let shift = levels.contains { !$0.isEmpty } ? EffortShift(estimates) : nil
        var best: [Candidate] = []
        var ways: [ModelID: [Candidate]] = [:]
        for (index, model) in context.models.enumerated() {
            var all = own[index].filter { $0.candidate.rejection == nil }
            if let shift, !levels[index].isEmpty, !all.isEmpty {
                let bases = Self.bases(all, whole: whole[index], by: priced)
                for level in levels[index] {
                    for base in bases {
                        let prediction = shift.prediction(predictions[index], of: model.model, at: level)
                        all.append(Way(model, base.subset, prediction: prediction, level: level, context: context))
                    }
                }
                all.removeAll { $0.candidate.rejection != nil }
            }
            guard let chosen = Self.best(Self.fitting(all, context.remaining), by: priced, model.model) else {
                best.append(sent.candidate(own[index][0], others: []))
                continue
            }
            best.append(sent.candidate(chosen, others: all))
            let useful = Self.useful(all, by: priced).filter { !$0.isSameWay(as: chosen) }
            guard !useful.isEmpty else { continue }
            ways[model.model.id] =
                [best[index]] + useful.prefix(Self.mostOfModel - 1).map { sent.candidate($0, others: all) }
        }
        self.best = best
        self.ways = ways
    }

    /// The way of the greatest quality, the cheapest of such. Under a line of kappa it stands, because no quality is
    /// given away there.
    private static func whole(_ ways: [Way]) -> Way {
        let able = ways.filter { $0.candidate.rejection == nil }
        let best = able.max { left, right in
            let (one, other) = (left.candidate, right.candidate)
            return one.prediction.quality == other.prediction.quality
                ? one.cost.total > other.cost.total : one.prediction.quality < other.prediction.quality
        }
        return best ?? ways[0]
    }

    /// The ways at a model's own effort whose sources are tried at other levels: the best, the whole and the cheapest.
    private static func bases(_ ways: [Way], whole: Way, by priced: PricedStep) -> [Way] {
        var found = [whole]
        let best = ways.max { priced.value($0.candidate) < priced.value($1.candidate) }
        let least = ways.min { priced.burden(of: $0.candidate) < priced.burden(of: $1.candidate) }
        for way in [best, least].compactMap({ $0 }) where !found.contains(where: { $0.isSameWay(as: way) }) {
            found.append(way)
        }
        return found
    }

    /// The ways that keep all limits, else those that keep the money, which is the hard one, else all.
    private static func fitting(_ ways: [Way], _ remaining: Remaining) -> [Way] {
        let fitting = ways.filter { remaining.admits($0.candidate) }
        guard fitting.isEmpty, let budget = remaining.budget else { return fitting.isEmpty ? ways : fitting }
        let payable = ways.filter { $0.candidate.worstCaseCost <= budget }
        return payable.isEmpty ? ways : payable
    }

    /// The way of the greatest value. More effort than a model's own needs a lead: expected gains are estimates, and the
    /// greatest of several is optimistic.
    private static func best(_ ways: [Way], by priced: PricedStep, _ model: Model) -> Way? {
        let own = model.ownEffort
        return ways.max { left, right in
            func value(_ way: Way) -> Double {
                let isMore = way.level.map { $0.effort.isMore(than: own) } ?? false
                return priced.value(way.candidate) - (isMore ? priced.price * StepForecast.leastLead : 0)
            }
            let (one, other) = (value(left), value(right))
            return one == other ? left.candidate.prediction.quality < right.candidate.prediction.quality : one < other
        }
    }

    /// The ways that are best at some multiple of the burden, the fastest one, and the one of the least bound; none that
    /// another one beats in quality, cost, time, energy and bound.
    private static func useful(_ ways: [Way], by priced: PricedStep) -> [Way] {
        guard ways.count > 1 else { return ways }
        let kept = ways.filter { one in !ways.contains { one.candidate.isBeaten(by: $0.candidate) } }
        guard kept.count > mostOfModel else { return kept }
        var found: [Way] = []
        func add(_ way: Way?) {
            if let way, !found.contains(where: { $0.isSameWay(as: way) }) { found.append(way) }
        }
        for multiple in multiples {
            add(
                kept.max { left, right in
                    func value(_ way: Way) -> Double {
                        priced.price * way.candidate.prediction.quality - multiple * priced.burden(of: way.candidate)
                    }
                    return value(left) < value(right)
                })
        }
        add(kept.max { $0.candidate.prediction.quality < $1.candidate.prediction.quality })
        add(kept.min { $0.candidate.latencySeconds < $1.candidate.latencySeconds })
        add(kept.min { $0.candidate.worstCaseCost < $1.candidate.worstCaseCost })
        return found
    }

    /// One way of asking one model.
    struct Way {
        var candidate: Candidate
        let subset: SentSources.Subset
        /// Nil for the model's own effort.
        let level: EffortLevel?

        init(
            _ priced: PricedModel, _ subset: SentSources.Subset, prediction: Prediction, level: EffortLevel? = nil,
            context: RoutingContext
        ) {
            self.subset = subset
            self.level = level
            var prediction = prediction
            let unreduced = prediction.quality
            prediction.quality *= subset.qualityShare
            candidate = Candidates.candidate(
                of: priced, step: subset.step.asking(priced.model, at: level), context: context,
                prediction: prediction)
            if let level {
                candidate.effort = EffortChoice(
                    level: level, own: priced.model.ownEffort, ownQuality: unreduced, ownCost: .zero)
            }
        }

        func isSameWay(as other: Way) -> Bool {
            subset.mask == other.subset.mask && level?.effort == other.level?.effort
        }
    }
}

extension Candidate {
    /// Whether the same model is asked in the same way.
    func isSameWay(as other: Candidate) -> Bool {
        model == other.model && sources?.mask == other.sources?.mask
            && effort?.level.effort == other.effort?.level.effort
    }

    /// Whether more effort is asked for than the model's own.
    var isMoreEffort: Bool { effort.map { $0.level.effort.isMore(than: $0.own) } ?? false }

    /// Whether another way of the same model is at least as good in everything, and better in something.
    fileprivate func isBeaten(by other: Candidate) -> Bool {
        let isNoWorse =
            other.prediction.quality >= prediction.quality && other.cost.total <= cost.total
            && other.latencySeconds <= latencySeconds && other.energyJoules <= energyJoules
            && other.worstCaseCost <= worstCaseCost
        guard isNoWorse else { return false }
        return other.prediction.quality > prediction.quality || other.cost.total < cost.total
            || other.latencySeconds < latencySeconds || other.energyJoules < energyJoules
            || other.worstCaseCost < worstCaseCost
    }
}

extension Remaining {
    /// Whether a candidate's highest bill, expected seconds and joules fit.
    func admits(_ candidate: Candidate) -> Bool {
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

    /// Whether a candidate is sent the step with all of its sources, or has none to choose from.
    func isAsked(asItIs candidate: Candidate) -> Bool { sources == nil || candidate.sources == nil }
}
