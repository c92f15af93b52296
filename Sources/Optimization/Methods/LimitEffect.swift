/// What one binding limit does to a plan, found by planning without it and with a little more of it.
package struct LimitEffect: Sendable {
    package var limit: LimitName
    /// Steps that would run on another model without the limit, by that model.
    package var otherwise: [Int: Int]
    package var stepCount: Int
    /// The present plan's totals, and those without the limit.
    package var present: AssignmentTotals
    package var without: AssignmentTotals
    /// How much more was tried, in the limit's unit, and the totals that it buys.
    package var more: Double
    package var withMore: AssignmentTotals

    /// In words: "the deadline binds: 3 of 8 steps would otherwise run on edge; 0.4 s more would buy ...".
    ///
    /// - Parameters:
    ///   - names: the models' names, by index.
    package func words(_ names: [String]) -> String {
        let moved = otherwise.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { model, count in
            "\(count) of \(stepCount) steps would otherwise run on "
                + (names.indices.contains(model) ? names[model] : "model \(model)")
        }
        let binds = "\(limit) binds" + (moved.isEmpty ? "" : ": " + moved.joined(separator: ", "))
        let gains = gains
        return gains.isEmpty ? binds : "\(binds); \(amount) would buy \(gains.joined(separator: ", "))"
    }

    private var amount: String {
        switch limit {
        case .budget: "\(Self.figure(more / 1e7)) cents more"
        case .meanAccuracy: "\(Self.figure(more * 100)) points less"
        default: "\(Self.figure(more)) \(limit.unit) more"
        }
    }

    private var gains: [String] {
        var gains: [String] = []
        let points = (withMore.meanAccuracy - present.meanAccuracy) * 100
        if abs(points) >= 0.01 { gains.append("\(points > 0 ? "+" : "")\(Self.figure(points)) points of accuracy") }
        let cents = (withMore.cost - present.cost) / 1e7
        if limit != .budget, abs(cents) >= 1e-6 { gains.append("\(cents > 0 ? "+" : "")\(Self.figure(cents)) cents") }
        let seconds = withMore.latency - present.latency
        if abs(seconds) >= 1e-3 { gains.append("\(seconds > 0 ? "+" : "")\(Self.figure(seconds)) s") }
        return gains
    }

    /// Three significant digits.
    private static func figure(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 100 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension AssignmentSolver {
    /// What each binding limit of a plan does, by two more solves a limit.
    ///
    /// - Parameters:
    ///   - share: how much more of each limit is tried, as a share of it; for the accuracy, of its error.
    package func effects(
        of solution: AssignmentSolution, _ program: AssignmentProgram, share: Double = 0.1
    ) throws(OptimizationError) -> [LimitEffect] {
        var effects: [LimitEffect] = []
        for limit in solution.bindingLimits {
            guard let loose = program.moving(limit, by: nil), let wider = program.moving(limit, by: share) else {
                continue
            }
            let without = try solve(loose.program)
            let more = try solve(wider.program)
            var otherwise: [Int: Int] = [:]
            for (model, other) in zip(solution.choice, without.choice) where model != other {
                otherwise[other, default: 0] += 1
            }
            effects.append(
                LimitEffect(
                    limit: limit, otherwise: otherwise, stepCount: program.stepCount, present: solution.totals,
                    without: without.totals, more: wider.amount, withMore: more.totals))
        }
        return effects
    }
}

extension AssignmentProgram {
    /// The program with a share more of one limit, or without it, and the amount that this is.
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
}
