/// The effect of one binding limit on a plan, found by planning without it and with a little more of it.
package struct LimitEffect: Sendable {
    package var limit: LimitName
    /// Steps that would run on another model without the limit, by that model.
    package var otherwise: [Int: Int]
    package var stepCount: Int
    /// The present plan's totals, and those without the limit.
    package var present: AssignmentTotals
    package var without: AssignmentTotals
    /// The increase that was tried, in the limit's unit, and the totals that it gives.
    package var more: Double
    package var withMore: AssignmentTotals
    /// The plural stepNoun for the program's steps in descriptions.
    package var stepNoun = "steps"

    package init(
        limit: LimitName, otherwise: [Int: Int], stepCount: Int, present: AssignmentTotals, without: AssignmentTotals,
        more: Double, withMore: AssignmentTotals, stepNoun: String = "steps"
    ) {
        self.limit = limit
        self.otherwise = otherwise
        self.stepCount = stepCount
        self.present = present
        self.without = without
        self.more = more
        self.withMore = withMore
        self.stepNoun = stepNoun
    }

    /// A description: "the deadline binds: 3 of 8 steps would otherwise run on edge; 0.4 s more would buy ...".
    ///
    /// - Parameter modelNames: the models' names, by index.
    package func description(modelNames names: [String]) -> String {
        let moved = otherwise.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { model, count in
            "\(count) of \(stepCount) \(stepNoun) would otherwise run on "
                + (names.indices.contains(model) ? names[model] : "model \(model)")
        }
        let binds = "\(limit) binds" + (moved.isEmpty ? "" : ": " + moved.joined(separator: ", "))
        let gains = gains
        return gains.isEmpty ? binds : "\(binds); \(amount) would buy \(gains.joined(separator: ", "))"
    }

    private var amount: String {
        switch limit {
        case .budget: "\(ThreeDigits.text(more / 1e7)) cents more"
        case .meanAccuracy: "\(ThreeDigits.text(more * 100)) points less"
        default: "\(ThreeDigits.text(more)) \(limit.unit) more"
        }
    }

    private var gains: [String] {
        var gains: [String] = []
        let points = (withMore.meanAccuracy - present.meanAccuracy) * 100
        if abs(points) >= 0.01 {
            gains.append("\(points > 0 ? "+" : "")\(ThreeDigits.text(points)) points of accuracy")
        }
        let cents = (withMore.cost - present.cost) / 1e7
        if limit != .budget, abs(cents) >= 1e-6 {
            gains.append("\(cents > 0 ? "+" : "")\(ThreeDigits.text(cents)) cents")
        }
        let seconds = withMore.latency - present.latency
        if abs(seconds) >= 1e-3 { gains.append("\(seconds > 0 ? "+" : "")\(ThreeDigits.text(seconds)) s") }
        return gains
    }
}

extension AssignmentSolver {
    /// The effect of each binding limit of a plan: a solve without it, and solves with more of it until the plan
    /// changes.
    ///
    /// - Parameters:
    ///   - shares: increases of each limit to try, as shares of it; for the accuracy, of its error. The reported
    ///     increase is the amount that the new plan really uses.
    package func effects(
        of solution: AssignmentSolution, _ program: AssignmentProgram, shares: [Double] = [0.1, 0.4, 1]
    ) throws(OptimizationError) -> [LimitEffect] {
        var effects: [LimitEffect] = []
        for limit in solution.bindingLimits {
            guard let loose = program.moving(limit, by: nil) else { continue }
            let without = try solve(loose.program)
            var more = solution
            var amount = 0.0
            for share in shares where more.totals == solution.totals && without.totals != solution.totals {
                guard let wider = program.moving(limit, by: share) else { break }
                more = try solve(wider.program)
                amount = min(wider.amount, program.excess(of: more.choice, over: limit) ?? wider.amount)
            }
            var otherwise: [Int: Int] = [:]
            for (model, other) in zip(solution.choice, without.choice) where model != other {
                otherwise[other, default: 0] += 1
            }
            effects.append(
                LimitEffect(
                    limit: limit, otherwise: otherwise, stepCount: program.stepCount, present: solution.totals,
                    without: without.totals, more: amount, withMore: more.totals))
        }
        return effects
    }
}

extension AssignmentProgram {
    /// The program with a share more of one limit, or without it, and the increase.
    func moving(_ limit: LimitName, by share: Double?) -> (program: AssignmentProgram, amount: Double)? {
        var program = self
        func wider(_ value: Double?) -> (Double?, Double) {
            guard let value, let share else { return (nil, .infinity) }
            return (value * (1 + share), value * share)
        }
        var amount = 0.0
        switch limit {
        case .budget:
            (program.budget, amount) = wider(budget)
            program.budget?.round()
        case .deadline: (program.deadline, amount) = wider(deadline)
        case .energyCap: (program.energyCap, amount) = wider(energyCap)
        case .meanAccuracy:
            let (error, more) = wider(minimumMeanAccuracy.map { 1 - $0 })
            program.minimumMeanAccuracy = error.map { max(0, 1 - $0) }
            amount = more
        case .slots(let model):
            program.slots[model] = share == nil ? nil : (slots[model] ?? 0) + 1
            amount = 1
        case .other(let name, let unit):
            guard let index = limits.firstIndex(where: { $0.name == name && $0.unit == unit }) else { return nil }
            if let share {
                amount = limits[index].most * share
                program.limits[index].most += amount
            } else {
                program.limits.remove(at: index)
            }
        case .accuracyFloor, .accuracyFloors, .noCandidate: return nil
        }
        return (program, amount)
    }

    /// How far a choice of models exceeds one limit, in its unit; nil if that is no sum over the whole plan.
    func excess(of choice: [Int], over limit: LimitName) -> Double? {
        let totals = AssignmentTotals(self, choice: choice)
        let used: Double? =
            switch limit {
            case .budget: budget.map { totals.cost - $0 }
            case .deadline: latencyPaths.isEmpty ? deadline.map { totals.latency - $0 } : nil
            case .energyCap: energyCap.map { totals.energy - $0 }
            case .meanAccuracy: minimumMeanAccuracy.map { $0 - totals.meanAccuracy }
            case .slots, .other, .accuracyFloor, .accuracyFloors, .noCandidate: nil
            }
        return used.map { max(0, $0) }
    }
}
