package import Domain
package import Optimization

/// Solves the assignment of a run's next steps over its candidates.
///
/// The horizon repeats this step's predictions with a prompt that grows by each answer: later prompts are unknown, but
/// their approximate cost is not. Only the first choice is used. The rest accounts for the run's limits.
package struct Planner: Sendable {
    /// Wall-clock limit of one solve.
    package static let timeLimit = Duration.milliseconds(200)
    package static let gap = 1e-4
    /// Most steps in a plan.
    package static let longestHorizon = 8

    private let solver = AssignmentSolver()

    package init() {}

    /// Plans from this step on.
    ///
    /// - Parameters:
    ///   - candidates: those that can serve and pay for the step; at least one. A model may stand there in several ways
    ///     of asking, each a column of the program; a change of way loses the cache like a change of model.
    ///   - reference: the model that the others are compared with.
    ///   - state: earlier commitments of the run.
    ///   - priced: the candidates under the price of lost quality; nil under a line of kappa.
    /// - Throws: `.infeasible` with the limit that binds, `.planning` if the solver failed.
    package func plan(
        _ step: Step, candidates: [Candidate], reference: Candidate, state: RunState = RunState(),
        context: RoutingContext, priced: PricedStep? = nil
    ) throws(RoutingError) -> Plan {
        let tests = ExpectedTests(
            at: step.position, reference: reference.model, state: state, context: context, priced: priced)
        let horizon = min(context.horizon, Self.longestHorizon)
        if let shortfall = tests.shortfall(of: candidates, steps: context.shape == .chain ? horizon : 1) {
            throw .infeasible(shortfall, report: nil)
        }
        let rows = PlanRows(step, candidates: candidates, tests: tests, steps: horizon, context: context)
        let program = program(rows, candidates: candidates, context: context, priced: priced)
        do {
            let solution = try solver.solve(program, by: context.policy.planMethod)
            let forecast = PlanForecast(
                of: solution, program, step: step, candidates: candidates, reference: reference, context: context)
            let columns = PlanColumns(
                candidates, options: rows.first, passes: rows.passes, choice: solution.choice[0]
            ).one(by: forecast, priced: priced)
            let order = PlanOrder(forecast: forecast, ahead: 0, context: context, priced: priced).order(
                columns.candidates, options: columns.options, passes: columns.passes, choice: columns.choice)
            var plan = Plan(
                choices: solution.choice.map { candidates[$0].model }, order: order,
                requestCandidates: requestCandidates(
                    rows, candidates: candidates, reference: reference.model, by: forecast),
                binding: solution.bindingLimits.map(\.description),
                effects: effects(of: solution, program, candidates: candidates, method: context.policy.method),
                forecast: forecast)
            if columns.candidates.count < candidates.count { plan.ways = columns.candidates }
            return plan
        } catch {
            switch error {
            case .infeasible(let report): throw .infeasible(report.description, report: report)
            default: throw .planning(error)
            }
        }
    }

    /// The models for the whole request: their steps together beat the reference's by the plan's measure. One step
    /// alone is not enough to tell, since a cheaper model's saving grows with the prompt.
    private func requestCandidates(
        _ rows: PlanRows, candidates: [Candidate], reference: ModelID, by forecast: PlanForecast
    ) -> [ModelID] {
        guard forecast.policy.method == .weighted,
            let reference = candidates.firstIndex(where: { $0.model == reference })
        else { return [] }
        func objective(_ index: Int) -> Double {
            rows.options.reduce(0) { sum, row in row[index].map { sum + forecast.pricedObjective($0) } ?? .infinity }
        }
        let most = objective(reference)
        let better = candidates.indices.map { (index: $0, objective: objective($0)) }.filter { $0.objective < most }
            .sorted { ($0.objective, $0.index) < ($1.objective, $1.index) }.map { candidates[$0.index].model }
        return better.enumerated().filter { !better[..<$0].contains($1) }.map(\.element)
    }

    /// Descriptions of the binding limits. Only their names if planning without them takes too long.
    private func effects(
        of solution: AssignmentSolution, _ program: AssignmentProgram, candidates: [Candidate], method: PolicyMethod
    ) -> [String] {
        let names = candidates.map(\.wayName)
        let found = method == .weighted ? try? solver.effects(of: solution, program) : nil
        return solution.bindingLimits.map { limit in
            found?.first { $0.limit == limit }?.description(modelNames: names) ?? "\(limit) binds"
        }
    }

    private func program(
        _ rows: PlanRows, candidates: [Candidate], context: RoutingContext, priced: PricedStep?
    ) -> AssignmentProgram {
        let policy = context.policy
        var program = AssignmentProgram(
            options: rows.options, weights: policy.weights.assignment, switching: rows.switching,
            budget: context.remaining.budget.map { Double($0.nanoUSD) }, deadline: context.remaining.seconds,
            latencyPaths: context.shape == .chain ? [] : rows.options.indices.map { [$0] },
            energyCap: context.remaining.joules, minimumMeanAccuracy: policy.minAccuracy,
            slots: slots(candidates, context: context),
            limits: carbonLimit(rows.options, switching: rows.switching, context: context)
                + sharedSlots(candidates, steps: rows.options.count, context: context),
            timeLimit: Self.timeLimit, gap: Self.gap)
        if let priced, policy.method == .weighted { program.weights = priced.weights(on: CriterionScale(program)) }
        return program
    }

    /// Limits for subtasks that run side by side: no more of them on an operator's server than its slots free of other
    /// jobs, at least one. Only if another model has no such limit, so that a busy server never makes planning
    /// impossible.
    private func slots(_ candidates: [Candidate], context: RoutingContext) -> [Int?] {
        guard context.shape == .siblings else { return [] }
        let places = context.places
        let free = candidates.map { candidate -> Int? in
            guard let priced = places[candidate.model].map({ context.models[$0] }), let slots = priced.model.slots
            else {
                return nil
            }
            return max(1, slots - priced.live.busySlots - priced.live.waiting)
        }
        return free.contains(nil) ? free : []
    }

    /// The slots of a model that has several columns, which these share.
    private func sharedSlots(
        _ candidates: [Candidate], steps: Int, context: RoutingContext
    ) -> [AssignmentLimit] {
        let most = slots(candidates, context: context)
        if most.isEmpty { return [] }
        let first = candidates.indices.filter { place in
            candidates.firstIndex { $0.model == candidates[place].model } == place
        }
        guard first.count < candidates.count else { return [] }
        return first.compactMap { place in
            let model = candidates[place].model
            guard let free = most[place], candidates.count(where: { $0.model == model }) > 1 else { return nil }
            return AssignmentLimit(
                name: "slots of \(model)", unit: "steps", most: Double(free),
                amounts: Array(repeating: candidates.map { $0.model == model ? 1 : 0 }, count: steps))
        }
    }

    private func carbonLimit(
        _ options: [[AssignmentOption?]], switching: [[AssignmentSwitch]], context: RoutingContext
    ) -> [AssignmentLimit] {
        guard let most = context.remaining.carbonGrams else { return [] }
        let economics = context.economics
        return [
            AssignmentLimit(
                name: "carbon cap", unit: "g", most: most,
                amounts: options.map { $0.map { economics.gramsCO2e(joules: $0?.energy ?? 0) } },
                switching: switching.map { $0.map { economics.gramsCO2e(joules: $0.energy) } })
        ]
    }
}

extension Policy {
    /// The policy's method for the optimiser. Weights rank the criteria if a method needs an order.
    var planMethod: PlanMethod {
        switch method {
        case .weighted: .weighted
        case .epsilonConstraint: .epsilonConstraint(objective: rankedCriteria.first ?? .cost, most: [:])
        case .lexicographic: .lexicographic(rankedCriteria)
        case .chebyshev: .augmentedChebyshev
        }
    }

    /// The criteria of positive weight, by descending weight.
    var rankedCriteria: [Criterion] {
        let weights = weights.assignment
        return Criterion.allCases.filter { weights[$0] > 0 }.sorted { weights[$0] > weights[$1] }
    }
}

extension Weights {
    /// The policy's weights for the optimiser.
    package var assignment: AssignmentWeights {
        AssignmentWeights(cost: cost, energy: energy, latency: latency, accuracy: accuracy)
    }
}

extension Planner {
    /// The candidates in the order of an earlier step's plan, by this step's own predictions.
    ///
    /// Under the weighted sum the plan's shadow prices replace its limits. The option of the least priced objective
    /// among the expected passes is the plan's choice without a new solve (Lagrangian decomposition). Other methods use
    /// the plan's model for this step.
    ///
    /// - Returns: nil if that model is not expected to pass, so that a new plan is needed.
    func order(
        by plan: Plan, _ forecast: PlanForecast, step: Step, candidates: [Candidate], tests: ExpectedTests,
        context: RoutingContext, priced: PricedStep? = nil
    ) -> (order: [ModelID], choice: ModelID, ways: [Candidate])? {
        let ahead = step.position - forecast.position
        let options = options(candidates, step: step, context: context)
        let passes = candidates.map { tests.pass($0) }
        let expected = candidates.indices.filter { passes[$0] }
        let choice: Int?
        if context.policy.method == .weighted {
            let scores = options.map { forecast.pricedObjective($0, by: priced) }
            choice = expected.min { (scores[$0], candidates[$0].model) < (scores[$1], candidates[$1].model) }
        } else {
            choice = expected.first { candidates[$0].model == plan.choices[ahead] }
        }
        guard let choice else { return nil }
        let columns = PlanColumns(candidates, options: options, passes: passes, choice: choice)
            .one(by: forecast, priced: priced)
        let order = PlanOrder(forecast: forecast, ahead: ahead, context: context, priced: priced)
            .order(columns.candidates, options: columns.options, passes: columns.passes, choice: columns.choice)
        return (
            order, candidates[choice].model, columns.candidates.count < candidates.count ? columns.candidates : []
        )
    }

    /// Each candidate's amounts at this step. A candidate's own amounts are means already.
    private func options(_ candidates: [Candidate], step: Step, context: RoutingContext) -> [AssignmentOption] {
        guard context.policy.plan.statistic != .mean else { return candidates.map(\.option) }
        let places = context.places
        return candidates.map { candidate in
            guard let place = places[candidate.model] else { return candidate.option }
            return LookAhead(candidate, context.models[place], step: step, context: context).now ?? candidate.option
        }
    }
}
