import Calls
import Domain
package import Ledger
import Optimization
import Routing
import Steps

/// Preparation of a batch: claims, predicts and plans rows before any money is spent.
extension BatchRunner {
    /// The predicted and planned rows of a batch; nothing is spent yet.
    package struct Prepared: Sendable {
        /// The forecast to report before the run.
        package let forecast: BatchForecast
        let machine: BatchMachine
        /// Rows completed by earlier runs.
        package let completedBefore: Int
        package let failed: Int
        /// All rows of the batch.
        package let rows: Int
        /// Rows claimed by other processes.
        package let elsewhere: Int
        /// Open groups at providers.
        package let groups: [ProviderGroup]
    }

    /// Money and energy left for the batch.
    struct RemainingBudget: Sendable {
        /// Nil for no limit.
        var left: Money?
        /// The budget that limits `left`; nil for the batch's own or none.
        var scope: BudgetScope?
        /// Joules; nil for no limit.
        var joules: Double?
    }

    /// Claims the open rows, predicts them, and plans them under the batch's budget.
    ///
    /// Rows that no model can serve fail at once.
    package func prepare() async throws -> Prepared {
        try await setBudgets()
        let models = try stepService.batchModels(for: caller)
        var table = BatchTable(models: models)
        var weights = stepService.settings.defaultPolicy.weights
        while !isStopping {
            let claimed = try await ledger.write { try $0.claimRows(ofBatch: batch.id, limit: Self.rowsAtOnce) }
            if claimed.isEmpty { break }
            var faults: [BatchRowResult] = []
            for row in claimed {
                do {
                    // A row is sent to a provider at most once; a returned row is called.
                    let forecast = try stepService.forecast(
                        row, terms: terms, models: models, caller: caller,
                        allowsBatchTier: leavesProvidersTime && row.providerGroup == nil)
                    weights = forecast.context.policy.weights
                    if !table.append(
                        line: row.line, candidates: forecast.candidates, reserves: forecast.reserves,
                        bytes: row.request.count)
                    {
                        faults.append(result(of: row, RoutingError.noCandidate([])))
                    }
                } catch {
                    faults.append(result(of: row, error))
                }
            }
            if !faults.isEmpty { try await commit(StepCommit(rows: faults)) }
        }
        let counts = try await ledger.read { try $0.rowCounts(ofBatch: batch.id) }
        let groups = try await ledger.read { try $0.groups(ofBatch: batch.id) }.filter { $0.phase != .closed }
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
    ) async throws -> (BatchPlanner.Plan?, BatchForecast) {
        let rows = Array(planner.table.rows.indices)
        guard !rows.isEmpty else { return (nil, BatchForecast(planner, rows: [], plan: nil, remaining, forAll: nil)) }
        let resources = BatchPlanner.Resources(left: remaining.left, seconds: secondsLeft, joules: remaining.joules)
        let rule = terms.ifShort
        let result = await OffPool.run { () -> Result<(BatchPlanner.Plan?, BatchForecast), OptimizationError> in
            do throws(OptimizationError) {
                let plan = try planner.plan(
                    rows, resources: resources, bestOnly: rule == .best, timeLimit: Self.firstPlanLimit)
                let isShort = plan?.rows.count != rows.count
                let forAll =
                    isShort ? planner.budgetForAll(rows, resources: resources, timeLimit: Self.firstPlanLimit) : nil
                return .success((plan, BatchForecast(planner, rows: rows, plan: plan, remaining, forAll: forAll)))
            } catch {
                return .failure(error)
            }
        }
        do throws(OptimizationError) {
            return try result.get()
        } catch {
            throw RoutingError.planning(error)
        }
    }

    private func setBudgets() async throws {
        let limits = [terms.budget.map { BudgetLimit.usd($0) }, terms.energyJoules.map { BudgetLimit.joules($0) }]
        for limit in limits.compactMap({ $0 }) {
            try await ledger.write { try $0.setBudget(Budget(scope: .batch(batch.id), limit: limit), at: .now()) }
        }
    }

    /// The tightest hard budget over the batch, its key, its team and the service. Windowed budgets count every window
    /// up to the deadline, since the batch waits for them.
    private func remainingBudget() async throws -> RemainingBudget {
        let now = Timestamp.now()
        let budgets = try await ledger.read { try $0.budgets(of: batch.attribution.scopes, at: now) }
        var remaining = RemainingBudget()
        for status in budgets where status.budget.mode == .hard {
            // Avoids overflow when the money spent is added.
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

/// Planning of excluded rows, once money is free again.
extension BatchRunner {
    /// Plans excluded rows again when the loop is idle. Returns the outcome when that brings no further answers.
    func nextRound(_ machine: inout BatchMachine) async -> Result<BatchOutcome, any Error>? {
        guard !machine.open.isEmpty else { return .success(.finished) }
        if machine.providerQueue.isWaiting {
            machine.reassignProviderRows()
            if machine.queue.isWaiting || machine.providerQueue.isWaiting { return nil }
        }
        let left = machine.left
        if await planExcluded(&machine) { return nil }
        let least = machine.open.compactMap { machine.planner.table.rows[$0].leastBound }.min() ?? .zero
        if secondsLeft != nil, machine.joulesLeft == nil, left.map({ $0 >= least }) ?? true {
            return .success(.late)  // The money suffices, but no call is expected to end in time.
        }
        guard let left else {
            return .success(.shortOfMoney("no model is left that keeps the batch's limits for the rows that are left"))
        }
        return .success(
            .shortOfMoney("$\(left) are left, and the highest possible bill of the cheapest row is $\(least)"))
    }

    /// Plans excluded rows with the free money; false where it covers none of them.
    func planExcluded(_ machine: inout BatchMachine) async -> Bool {
        guard machine.canPlanExcluded else { return false }
        // The rest of the money is planned on the mean, since every call reserves its upper bound anyway.
        var terms = terms
        terms.confidence = 0.5
        let planner = BatchPlanner(table: machine.planner.table, terms: terms, weights: machine.planner.weights)
        let rows = machine.excluded.sorted()
        let resources = BatchPlanner.Resources(
            left: machine.free.map { Money(nanoUSD: max(0, $0)) }, seconds: secondsLeft, joules: machine.joulesLeft)
        let plan = await OffPool.run {
            try? planner.plan(rows, resources: resources, bestOnly: false, timeLimit: Self.laterPlanLimit)
        }
        guard let plan else { return false }
        machine.adopt(plan)
        return true
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
