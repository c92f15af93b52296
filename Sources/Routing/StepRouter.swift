package import Domain

/// Decides which model does a step: predictions, assignment, then the sequential rule.
///
/// Pure and deterministic: the same step, state and context give the same decision. The live service and the offline
/// evaluation share this code.
package struct StepRouter: Sendable {
    private let estimator: any Estimating
    private let planner = Planner()

    package init(estimator: any Estimating) {
        self.estimator = estimator
    }

    /// Routes one step at once and updates `state` for the run's later steps.
    ///
    /// Makes no model calls: a step that would need a decomposer or a text predictor is decided without one.
    ///
    /// - Parameter decisionID: the id of the decision, made by the caller.
    /// - Throws: `RoutingError` if no model can serve the step, or if the policy's limits cannot be kept and
    ///   `on_infeasible` is `reject`.
    package func route(
        _ step: Step, decisionID: String, state: inout RunState, context: RoutingContext
    ) throws(RoutingError) -> Decision {
        var machine = try machine(for: step, decisionID: decisionID, state: state, context: context)
        machine.proceedWithoutCalls()
        state = machine.state
        return machine.decision
    }

    /// Begins a step. The machine's `action` is the first thing to do.
    ///
    /// - Throws: as `route`.
    package func machine(
        for step: Step, decisionID: String, state: RunState, context: RoutingContext
    ) throws(RoutingError) -> StepMachine {
        var forecast = try StepForecast(of: step, by: estimator, in: context)
        var state = state
        if let stuck = forecast.stuck { state.release(from: stuck) }
        let ordered = try order(forecast, step: step, state: &state, context: context)
        forecast.take(ordered.ways)
        if ordered.isRelaxed { forecast.relax() }
        let start = RuleStep(
            position: step.position, order: ordered.order,
            others: forecast.affordable.filter { candidate in
                !ordered.order.contains { $0.model == candidate.model }
            }, requestCandidates: ordered.requestCandidates,
            reference: forecast.reference,
            kappa: ordered.kappa, requestThreshold: context.policy.requestThreshold, settings: context.policy.sequence,
            verification: context.policy.verification,
            lookAheadEstimates: forecast.lookAheadEstimates(position: step.position),
            history: step.history, forced: ordered.forced, priced: forecast.priced,
            opening: opening(forecast, context: context))
        var decision = Decision(
            id: decisionID, runID: step.runID, stepID: step.id, position: step.position,
            model: forecast.reference.model, reference: forecast.reference.model,
            kappa: forecast.priced?.kappa(of: ordered.order.first?.model ?? forecast.reference.model)
                ?? ordered.kappa.at(step.position), stage: .plan, reason: "",
            considered: forecast.remarks + ordered.remarks + ways(of: ordered.order)
                + estimates(of: ordered.order, in: context),
            candidates: forecast.candidates, fallbacks: [],
            catalogVersion: context.catalogVersion)
        if forecast.reference.prediction.quality != forecast.wholeReferenceQuality {
            decision.wholeReferenceQuality = forecast.wholeReferenceQuality
        }
        return StepMachine(
            decision: decision, rule: SequentialRule(state: state), start: start, forecast: forecast,
            estimator: estimator, context: context)
    }

    /// What says that the first candidates' ability is no published score of theirs but an estimate.
    private func estimates(of order: [Candidate], in context: RoutingContext) -> [String] {
        order.prefix(3).compactMap { candidate in
            let model = context.models.first { $0.model.id == candidate.model }?.model
            if case .profile = candidate.prediction.basis { return nil }
            guard let estimate = model?.published?.estimate else { return nil }
            return "\(candidate.model): its ability is an estimate (\(estimate))"
        }
    }

    /// What says why the first candidates are asked at another effort than their own.
    private func ways(of order: [Candidate]) -> [String] {
        order.prefix(3).compactMap { candidate in
            guard let effort = candidate.effort else { return nil }
            let (chosen, own) = (effort.level.effort.rawValue, effort.own.rawValue)
            return "effort: \(candidate.model) at \(chosen): quality \(Decimals.two(candidate.prediction.quality)) for "
                + "$\(candidate.cost.total), against \(Decimals.two(effort.ownQuality)) for $\(effort.ownCost) at its own "
                + "(\(own))"
        }
    }

    /// The first call, where asking a cheap model first and another one on doubt is worth more than any single answer.
    private func opening(_ forecast: StepForecast, context: RoutingContext) -> RuleAction.Verdict? {
        guard let search = forecast.nextCalls(in: context), case .ask(let model) = search.weighed([])?.next() else {
            return nil
        }
        return .init(
            model: model, stage: model == forecast.reference.model ? .reference : .plan,
            reason: model == forecast.reference.model
                ? "\(model): no cheaper first answer is worth its price and its risk under max_loss"
                : "\(model) is asked first: its answer is tested, and another model is asked if that is worth the price "
                    + "(verify)")
    }

    /// Candidates in the order of the rule's tests.
    private struct Ordered {
        var order: [Candidate]
        var requestCandidates: [ModelID] = []
        var kappa: Kappa
        /// Whether the limits leave no room for the dial.
        var isRelaxed = false
        /// Candidates that are asked in another way than they came.
        var ways: [Candidate] = []
        var remarks: [String] = []
        var forced: RuleStep.Forced?
    }

    private func order(
        _ forecast: StepForecast, step: Step, state: inout RunState, context: RoutingContext
    ) throws(RoutingError) -> Ordered {
        var affordable = forecast.affordable
        do throws(RoutingError) {
            guard !affordable.isEmpty else { throw forecast.budgetError(context) }
            // Otherwise one very expensive model would stretch the scale of cost until all others look alike.
            let sensible = affordable.filter { !$0.isDominated(by: forecast.reference) }
            let planned = try planned(
                over: forecast.columns(of: sensible.isEmpty ? affordable : sensible, in: context), forecast, step: step,
                state: &state, context: context)
            if !planned.ways.isEmpty {
                var taken = forecast
                taken.take(planned.ways)
                affordable = taken.affordable
            }
            let order = planned.order.compactMap { id in affordable.first { $0.model == id } }
            let bend = bend(planned, among: affordable, reference: forecast.reference, context: context)
            return Ordered(
                order: order, requestCandidates: planned.requestCandidates,
                kappa: Kappa(context.policy.kappa, offset: context.kappaOffset, bend: bend),
                isRelaxed: planned.isAtFloor, ways: planned.ways, remarks: planned.remarks)
        } catch {
            guard case .infeasible(let message, _) = error, !affordable.isEmpty,
                let chosen = context.policy.onInfeasible.choice(among: forecast.columns(of: affordable, in: context))
            else { throw error }
            let rule = context.policy.onInfeasible.rawValue
            state.plan = nil
            return Ordered(
                order: [chosen] + affordable.filter { $0.model != chosen.model },
                kappa: Kappa(context.policy.kappa, offset: context.kappaOffset), ways: [chosen],
                remarks: ["plan: infeasible: \(message)"],
                forced: .init(model: chosen.model, reason: "\(chosen.model): the \(rule), since \(message)"))
        }
    }

    /// A plan's order for this step, with remarks about the plan.
    private struct Planned {
        var order: [ModelID]
        /// The plan's model for this step.
        var choice: ModelID?
        var requestCandidates: [ModelID] = []
        var forecast: PlanForecast?
        /// Candidates that are asked in another way than they came.
        var ways: [Candidate] = []
        var remarks: [String]
        /// Whether the plan only holds with kappa at its floor, or without the dial.
        var isAtFloor = false
    }

    /// Keeps the plan of an earlier step while it holds, and solves it again on drift.
    private func planned(
        over candidates: [Candidate], _ forecast: StepForecast, step: Step, state: inout RunState,
        context: RoutingContext
    ) throws(RoutingError) -> Planned {
        var remarks: [String] = []
        if let plan = state.plan, let earlier = plan.forecast {
            let models = Set(candidates.map(\.model))
            if let drift = earlier.drift(at: step, models: models, reference: forecast.reference, context: context) {
                remarks = ["plan: solved again: \(drift)"]
            } else if let kept = planner.order(
                by: plan, earlier, step: step, candidates: candidates,
                tests: ExpectedTests(
                    at: step.position, reference: forecast.reference.model, state: state, context: context,
                    priced: forecast.priced),
                context: context, priced: forecast.priced)
            {
                return Planned(
                    order: kept.order, choice: kept.choice, forecast: earlier, ways: kept.ways,
                    remarks: ["plan: kept from step \(earlier.position)"] + plan.effects.map { "plan: \($0)" })
            } else {
                remarks = ["plan: solved again: the model it has for this step is not expected to pass kappa"]
            }
        }
        let (plan, isAtFloor) = try solved(over: candidates, forecast, step: step, state: state, context: context)
        state.plan = plan
        remarks = plan.effects.map { "plan: \($0)" } + remarks
        if isAtFloor {
            let floor = Decimals.two(context.policy.kappa.floor)
            remarks.append(
                forecast.priced == nil
                    ? "plan: kappa is lowered to its floor \(floor): the limits leave no more"
                    : "plan: max_loss is not kept: the limits leave no room for it")
        }
        return Planned(
            order: plan.order, choice: plan.choices.first, requestCandidates: plan.requestCandidates,
            forecast: plan.forecast, ways: plan.ways,
            remarks: remarks, isAtFloor: isAtFloor)
    }

    /// The plan with the policy's kappa or, if the limits leave none, with kappa at its floor or without the dial.
    private func solved(
        over candidates: [Candidate], _ forecast: StepForecast, step: Step, state: RunState, context: RoutingContext
    ) throws(RoutingError) -> (Plan, isAtFloor: Bool) {
        do throws(RoutingError) {
            let plan = try planner.plan(
                step, candidates: candidates, reference: forecast.reference, state: state, context: context,
                priced: forecast.priced)
            return (plan, false)
        } catch {
            if case .infeasible = error, let priced = forecast.priced {
                guard
                    var plan = try? planner.plan(
                        step, candidates: candidates, reference: forecast.reference, state: state, context: context,
                        priced: priced.relaxed)
                else { throw error }
                plan.forecast = nil
                return (plan, true)
            }
            let rule = context.policy.kappa
            guard case .infeasible = error, rule.bends, context.remaining.budget != nil,
                rule.floor < Kappa(rule, offset: context.kappaOffset).at(step.position)
            else { throw error }
            var scarce = context
            scarce.policy.kappa.base = rule.floor
            scarce.policy.kappa.slope = 0
            scarce.kappaOffset = 0
            guard
                var plan = try? planner.plan(
                    step, candidates: candidates, reference: forecast.reference, state: state, context: scarce)
            else { throw error }
            // The plan relaxed the policy's kappa, so the next step solves again.
            plan.forecast = nil
            return (plan, true)
        }
    }

    private func bend(
        _ planned: Planned, among candidates: [Candidate], reference: Candidate, context: RoutingContext
    ) -> KappaBend {
        if planned.isAtFloor { return KappaBend(moneyPrice: .infinity, spare: 0, risk: 0) }
        guard let forecast = planned.forecast, context.remaining.budget != nil else { return .none }
        let cheaper = planned.choice == reference.model ? nil : planned.choice
        let likeliest = cheaper ?? planned.order.first { $0 != reference.model }
        return KappaBend(
            moneyPrice: forecast.moneyPrice, spare: forecast.spareBudget,
            risk: candidates.first { $0.model == likeliest }.map { 1 - $0.prediction.quality } ?? 0)
    }
}
