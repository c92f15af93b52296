import Domain

extension PlanForecast {
    /// Why the plan does not hold for a step; nil if it does.
    ///
    /// - Parameters:
    ///   - models: the models that the step can be planned over now.
    func drift(at step: Step, models now: Set<ModelID>, reference: Candidate, context: RoutingContext) -> String? {
        let ahead = step.position - position
        guard shape == .chain, context.shape == .chain else { return "subtasks of a graph are planned each by itself" }
        guard ahead > 0 else { return "step \(step.position) is planned anew" }
        guard ahead < uses.count else { return "step \(step.position) is beyond the \(uses.count) steps planned" }
        guard policy == context.policy, catalogVersion == context.catalogVersion else {
            return "the policy or the prices have changed"
        }
        if prices.hasOthers { return "a limit binds that has no price" }
        return healthDrift(now) ?? lengthDrift(ahead, context) ?? limitDrift(ahead, context)
            ?? qualityDrift(ahead, reference)
    }

    private func healthDrift(_ now: Set<ModelID>) -> String? {
        guard now != models else { return nil }
        let gone = models.subtracting(now).sorted().map { "\($0) is gone" }
        let new = now.subtracting(models).sorted().map { "\($0) is new" }
        return (gone + new).joined(separator: ", ")
    }

    private func lengthDrift(_ ahead: Int, _ context: RoutingContext) -> String? {
        let expected = horizon - ahead
        let off = abs(context.horizon - expected)
        guard Double(off) > share * Double(expected) else { return nil }
        return "\(context.horizon) more steps are expected, not \(expected)"
    }

    private func limitDrift(_ ahead: Int, _ context: RoutingContext) -> String? {
        let used = uses.prefix(ahead)
        func off(_ name: String, _ atStart: Double?, _ left: Double?, _ use: (Use) -> Double, _ unit: Double) -> String?
        {
            guard let atStart, let left else { return atStart == left ? nil : "\(name) is limited otherwise" }
            let expected = atStart - used.reduce(0) { $0 + use($1) }
            guard abs(left - expected) > share * max(expected, 0) else { return nil }
            return
                "\(name) left is \(Decimals.short(left / unit)), the plan expected \(Decimals.short(expected / unit))"
        }
        return off(
            "budget_usd", remaining.budget.map { Double($0.nanoUSD) },
            context.remaining.budget.map { Double($0.nanoUSD) }, \.nanoUSD, 1e9)
            ?? off("deadline_s", remaining.seconds, context.remaining.seconds, \.seconds, 1)
            ?? off("energy_j", remaining.joules, context.remaining.joules, \.joules, 1)
    }

    /// Only the weighted sum has prices to compare another step's options. Other methods keep their choices, which are
    /// compared by predicted quality.
    private func qualityDrift(_ ahead: Int, _ reference: Candidate) -> String? {
        guard policy.method != .weighted else { return nil }
        let off = abs(reference.prediction.quality - referenceQuality)
        return off > share * referenceQuality ? "\(reference.model) is predicted otherwise for this step" : nil
    }

    private var share: Double { policy.sequence.replanShare }
}

extension Decimals {
    /// Three significant digits.
    static func short(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e12 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
