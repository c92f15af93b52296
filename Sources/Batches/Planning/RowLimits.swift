import Domain

/// Applies a policy's limits to a batch row, which is a run of one step.
struct RowLimits {
    let policy: Policy
    let economics: Economics

    /// Rejects candidates that violate a limit; where none is left, applies `on_infeasible`.
    func applied(to candidates: [Candidate]) -> [Candidate] {
        let limited = candidates.map { candidate in
            var candidate = candidate
            candidate.rejection = candidate.rejection ?? problem(with: candidate)
            return candidate
        }
        guard !limited.contains(where: { $0.rejection == nil }) else { return limited }
        let able = candidates.filter { $0.rejection == nil }
        let chosen: Candidate? =
            switch policy.onInfeasible {
            case .reject: nil
            case .cheapest: able.min { $0.cost.total < $1.cost.total }
            case .best: able.max { $0.prediction.quality < $1.prediction.quality }
            }
        guard let chosen else { return limited }
        return zip(candidates, limited).map { $0.model == chosen.model ? $0 : $1 }
    }

    private func problem(with candidate: Candidate) -> String? {
        if let least = policy.minAccuracy, candidate.prediction.quality < least {
            return "is predicted to be right with \(Self.text(candidate.prediction.quality)), min_accuracy is \(least)"
        }
        if let most = policy.energyJoules, candidate.energyJoules > most {
            return "is expected to take \(Self.text(candidate.energyJoules)) J, energy_j is \(most)"
        }
        if let most = policy.deadlineSeconds, candidate.latencySeconds > most {
            return "is expected to take \(Self.text(candidate.latencySeconds)) s, deadline_s is \(most)"
        }
        if let most = policy.budget, candidate.worstCaseCost > most {
            return "can cost $\(candidate.worstCaseCost), budget_usd is \(most)"
        }
        let grams = candidate.energyJoules / 3.6e6 * economics.gramsCO2ePerKWh
        if let most = policy.plan.carbonGrams, grams > most {
            return "is expected to emit \(Self.text(grams)) g of CO2e, carbon_g is \(most)"
        }
        return nil
    }

    /// To three decimals.
    private static func text(_ figure: Double) -> String { "\((figure * 1000).rounded() / 1000)" }
}
