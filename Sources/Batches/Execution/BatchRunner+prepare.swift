package import Calls
import Domain
package import Ledger
import Optimization
import Routing
import Steps

/// What comes before a batch spends anything.
extension BatchRunner {
    /// The rows of a batch, predicted and planned; nothing is spent yet.
    package struct Prepared: Sendable {
        /// What to say before starting.
        package let forecast: BatchForecast
        let machine: BatchMachine
        /// Rows that had their answer before.
        package let completedBefore: Int
        package let failed: Int
        /// Rows of the batch, with or without result.
        package let rows: Int
        /// Rows that other processes hold.
        package let elsewhere: Int
        /// Groups of rows that are at providers already.
        package let groups: [ProviderGroup]
    }

    /// What may still be taken for the batch.
    struct RemainingBudget: Sendable {
        /// Money; nil for any.
        var left: Money?
        /// Whose budget leaves no more; nil for the batch's own, or where there is none.
        var scope: BudgetScope?
        /// Energy; nil for any.
        var joules: Double?
    }

    /// Claims what is to be done, predicts it, and plans it under the batch's budget.
    ///
    /// Rows that no model can serve get their error at once.
    package func prepare() async throws(ServiceError) -> Prepared {
        try await setBudgets()
        let models = try stepService.batchModels(for: caller)
        var table = BatchTable(models: models)
        var weights = stepService.settings.defaultPolicy.weights
        while !isStopping {
            let claimed = try await ledger { ledger throws(LedgerError) in
                try await ledger.write { try $0.claimRows(ofBatch: batch.id, limit: Self.rowsAtOnce) }
            }
            if claimed.isEmpty { break }
            var faults: [BatchRowResult] = []
            for row in claimed {
                do throws(ServiceError) {
                    // A provider gets a row once: what comes back from there is called.
                    let forecast = try stepService.forecast(
                        row, terms: terms, models: models, caller: caller,
                        allowsBatchTier: leavesProvidersTime && row.providerGroup == nil)
                    weights = forecast.context.policy.weights
                    if !table.append(
                        line: row.line, candidates: forecast.candidates, bytes: row.request.count)
                    {
                        faults.append(result(of: row, ServiceError.routing(.noCandidate([]))))
                    }
                } catch {
                    faults.append(result(of: row, error))
                }
            }
            if !faults.isEmpty { try await commit(StepCommit(rows: faults)) }
        }
        let counts = try await ledger { ledger throws(LedgerError) in
            try await ledger.read { try $0.rowCounts(ofBatch: batch.id) }
        }
        let groups = try await ledger { ledger throws(LedgerError) in
            try await ledger.read { try $0.groups(ofBatch: batch.id) }.filter { $0.phase != .closed }
        }
        let held = groups.reduce(Int64(0)) { $0 + $1.reserved.nanoUSD }
        let away = groups.reduce(0) { $0 + $1.open }
        let spent = try await spent()
        let remaining = try await remainingBudget()
        let planner = BatchPlanner(
            table: table, terms: terms,
            weights: weights.assignment)
        let (plan, forecast) = try await plan(planner, remaining)
        return Prepared(
            forecast: forecast,
            machine: BatchMachine(
                planner: planner, plan: plan,
                budget: remaining.left.map { Money(nanoUSD: $0.nanoUSD + spent.nanoUSD + held) }, spent: spent,
                readsSpentFromLedger: terms.budget != nil, joules: remaining.joules),
            completedBefore: Int(counts[.completed] ?? 0), failed: Int(counts[.failed] ?? 0),
            rows: Int(counts.values.reduce(0, +)),
            elsewhere: Int(counts[.claimed] ?? 0) - table.rows.count - away, groups: groups)
    }

    private func plan(
        _ planner: BatchPlanner, _ remaining: RemainingBudget
    ) async throws(ServiceError) -> (BatchPlanner.Plan?, BatchForecast) {
        let rows = Array(planner.table.rows.indices)
        guard !rows.isEmpty else { return (nil, BatchForecast(planner, rows: [], plan: nil, remaining, forAll: nil)) }
        let means = BatchPlanner.Means(left: remaining.left, seconds: secondsLeft, joules: remaining.joules)
        let rule = terms.ifShort
        let result = await OffPool.run { () -> Result<(BatchPlanner.Plan?, BatchForecast), OptimizationError> in
            do throws(OptimizationError) {
                let plan = try planner.plan(
                    rows, means: means, bestOnly: rule == .best, timeLimit: Self.firstPlanLimit)
                let isShort = plan?.rows.count != rows.count
                let forAll =
                    isShort ? planner.budgetForAll(rows, means: means, timeLimit: Self.firstPlanLimit) : nil
                return .success((plan, BatchForecast(planner, rows: rows, plan: plan, remaining, forAll: forAll)))
            } catch {
                return .failure(error)
            }
        }
        do throws(OptimizationError) {
            return try result.get()
        } catch {
            throw .routing(.planning(error))
        }
    }

    private func setBudgets() async throws(ServiceError) {
        let limits = [terms.budget.map { BudgetLimit.usd($0) }, terms.energyJoules.map { BudgetLimit.joules($0) }]
        for limit in limits.compactMap({ $0 }) {
            try await ledger { ledger throws(LedgerError) in
                try await ledger.write { try $0.setBudget(Budget(scope: .batch(batch.id), limit: limit), at: .now()) }
            }
        }
    }

    /// The least that any budget of the batch, its key, its team and everybody leaves; of budgets with a window, what the
    /// windows up to the batch's deadline leave, since it waits for them.
    private func remainingBudget() async throws(ServiceError) -> RemainingBudget {
        let now = Timestamp.now()
        let budgets = try await ledger { ledger throws(LedgerError) in
            try await ledger.read { try $0.budgets(of: batch.attribution.scopes, at: now) }
        }
        var remaining = RemainingBudget()
        for status in budgets where status.budget.mode == .hard {
            // Far from the end of 64 bits, so that what is spent can be added.
            let left = min(status.left(until: terms.deadline, now: now), .max / 4)
            switch status.budget.limit.unit {
            case .usd where remaining.left.map({ left < $0.nanoUSD }) ?? true:
                remaining.left = Money(nanoUSD: left)
                remaining.scope = status.budget.scope == .batch(batch.id) ? nil : status.budget.scope
            case .joules: remaining.joules = min(remaining.joules ?? .infinity, Double(left) / 1e6)
            case .usd, .tokens: continue
            }
        }
        return remaining
    }
}

extension BatchForecast {
    init(
        _ planner: BatchPlanner, rows: [Int], plan: BatchPlanner.Plan?, _ remaining: BatchRunner.RemainingBudget,
        forAll: Double?
    ) {
        let options = plan.map { plan in
            zip(plan.rows, plan.batch.choice).compactMap { planner.table.rows[$0].options[$1] }
        }
        let chosen = options ?? []
        var share: [String: Int] = [:]
        var batchShare: [String: Int] = [:]
        for (row, model) in zip(plan?.rows ?? [], plan?.batch.choice ?? []) {
            let name = planner.table.models[model].model.id.rawValue
            share[name, default: 0] += 1
            if planner.table.rows[row].options[model]?.tier == .batch { batchShare[name, default: 0] += 1 }
        }
        self.init(
            rows: rows.count, affordable: chosen.count,
            accuracy: chosen.reduce(0) { $0 + $1.accuracy } / Double(max(1, chosen.count)),
            cost: Money(nanoUSD: Int64(chosen.reduce(0) { $0 + $1.cost }.rounded())),
            pessimisticCost: Money(nanoUSD: Int64((plan?.pessimisticCost ?? 0).rounded(.up))),
            gap: plan?.batch.solution.gap ?? 0, budgetForAll: forAll.map { Money(nanoUSD: Int64($0.rounded(.up))) },
            left: remaining.left, leftOf: remaining.scope, share: share, batchShare: batchShare)
    }
}
