package import Core
import Optimization

/// Solves the assignment of a run's next steps over its candidates.
///
/// The horizon repeats this step's predictions with a prompt that grows by each answer: what later steps will ask is
/// not known yet, what they will roughly cost is. Only the first choice is acted on; the rest keeps the run's limits
/// honest.
package struct Planner: Sendable {
    /// Wall-clock limit of one solve.
    package static let timeLimit = Duration.milliseconds(200)
    package static let gap = 1e-4
    /// Steps looked ahead at most.
    package static let longestHorizon = 8

    private let solver = AssignmentSolver()

    package init() {}

    /// Plans from this step on.
    ///
    /// - Parameters:
    ///   - candidates: those that can serve and pay for the step; at least one.
    ///   - reference: the model that accuracy floors are relative to.
    /// - Throws: `.infeasible` with the limit that binds, `.planning` where the solver failed.
    package func plan(
        _ step: Step, candidates: [Candidate], reference: Candidate, context: RoutingContext
    ) throws(RoutingError) -> Plan {
        let program = program(step, candidates: candidates, reference: reference, context: context)
        do {
            let solution = try solver.solve(program, by: context.policy.planMethod)
            let scores = scores(of: candidates, weights: context.policy.weights)
            let first = solution.choice[0]
            let rest = candidates.indices.filter { $0 != first }.sorted { (scores[$0], $0) < (scores[$1], $1) }
            return Plan(
                choices: solution.choice.map { candidates[$0].model },
                order: ([first] + rest).map { candidates[$0].model },
                binding: solution.bindingLimits.map(\.description),
                effects: effects(of: solution, program, candidates: candidates, method: context.policy.method),
                forecast: PlanForecast(
                    of: solution, program, step: step, candidates: candidates, reference: reference, context: context))
        } catch {
            switch error {
            case .infeasible(let report): throw .infeasible(report.description, report: report)
            default: throw .planning(error)
            }
        }
    }

    /// What the limits that bind do, in words; their names alone where planning without them takes too long.
    private func effects(
        of solution: AssignmentSolution, _ program: AssignmentProgram, candidates: [Candidate], method: PolicyMethod
    ) -> [String] {
        let names = candidates.map(\.model.rawValue)
        let found = method == .weighted ? try? solver.effects(of: solution, program) : nil
        return solution.bindingLimits.map { limit in
            found?.first { $0.limit == limit }?.words(names) ?? "\(limit) binds"
        }
    }

    private func program(
        _ step: Step, candidates: [Candidate], reference: Candidate, context: RoutingContext
    ) -> AssignmentProgram {
        let horizon = min(context.horizon, Self.longestHorizon)
        let policy = context.policy
        let models = Dictionary(uniqueKeysWithValues: context.models.map { ($0.model.id, $0) })
        var options: [[AssignmentOption?]] = []
        var switching: [[AssignmentSwitch]] = []
        var floors: [Double] = []
        for ahead in 0..<horizon {
            var row: [AssignmentOption?] = []
            var moves: [AssignmentSwitch] = []
            var referenceAccuracy = reference.prediction.quality
            for candidate in candidates {
                guard let priced = models[candidate.model] else { continue }
                let steps = context.shape == .chain ? ahead : 0
                let ahead = Ahead(steps: steps, step: step, candidate: candidate, priced: priced, context: context)
                let option = ahead.option
                if candidate.model == reference.model { referenceAccuracy = option?.accuracy ?? referenceAccuracy }
                row.append(option)
                moves.append(ahead.move)
            }
            options.append(row)
            switching.append(moves)
            let position = step.position + (context.shape == .chain ? ahead : 0)
            floors.append(min(1, max(0, policy.kappa.kappa(at: position) * referenceAccuracy - 1e-9)))
        }
        return AssignmentProgram(
            options: options, accuracyFloors: floors, weights: policy.weights.assignment,
            switching: switching,
            budget: context.remaining.budget.map { Double($0.nanoUSD) }, deadline: context.remaining.seconds,
            latencyPaths: context.shape == .chain ? [] : (0..<horizon).map { [$0] },
            energyCap: context.remaining.joules, minimumMeanAccuracy: policy.minAccuracy,
            slots: slots(candidates, models: models, context: context),
            limits: carbonLimit(options, switching: switching, context: context),
            timeLimit: Self.timeLimit, gap: Self.gap)
    }

    /// Subtasks that run side by side: no more of them on a server of the operator's own than it has slots free of
    /// other jobs, at least one. Only where another model has no such limit, so that a busy server never means no plan.
    private func slots(
        _ candidates: [Candidate], models: [ModelID: PricedModel], context: RoutingContext
    ) -> [Int?] {
        guard context.shape == .siblings else { return [] }
        let free = candidates.map { candidate -> Int? in
            guard let priced = models[candidate.model], let slots = priced.model.slots else { return nil }
            return max(1, slots - priced.live.busySlots - priced.live.waiting)
        }
        return free.contains(nil) ? free : []
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

    /// The weighted objective of each candidate for this step alone, each criterion scaled to 0...1 over them.
    private func scores(of candidates: [Candidate], weights: Weights) -> [Double] {
        func scaled(_ value: (Candidate) -> Double) -> [Double] {
            let values = candidates.map(value)
            guard let least = values.min(), let most = values.max(), most > least else {
                return values.map { _ in 0 }
            }
            return values.map { ($0 - least) / (most - least) }
        }
        let cost = scaled { Double($0.cost.total.nanoUSD) }
        let energy = scaled(\.energyJoules)
        let latency = scaled(\.latencySeconds)
        let error = scaled { 1 - $0.prediction.quality }
        return candidates.indices.map {
            weights.cost * cost[$0] + weights.energy * energy[$0] + weights.latency * latency[$0]
                + weights.accuracy * error[$0]
        }
    }
}

extension Policy {
    /// The policy's method in the optimiser's terms; weights rank the criteria where a method wants an order.
    var planMethod: PlanMethod {
        let ranked = Criterion.allCases.filter { weights.assignment[$0] > 0 }
            .sorted { weights.assignment[$0] > weights.assignment[$1] }
        switch method {
        case .weighted: return .weighted
        case .epsilonConstraint: return .epsilonConstraint(objective: ranked.first ?? .cost, most: [:])
        case .lexicographic: return .lexicographic(ranked)
        case .chebyshev: return .augmentedChebyshev
        }
    }
}

extension Weights {
    var assignment: AssignmentWeights {
        AssignmentWeights(cost: cost, energy: energy, latency: latency, accuracy: accuracy)
    }
}
