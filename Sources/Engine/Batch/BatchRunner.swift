package import Core
package import Ledger
import Logging
import Optimization
import Routing
import ServiceLifecycle

/// Does the rows of a batch that have no result yet: claims them, plans them, calls, and books every answer together
/// with its row, so that a kill never pays for a row twice.
package struct BatchRunner: Sendable {
    let engine: Engine
    let batch: BatchRecord
    let terms: BatchTerms
    let caller: Caller
    let stop: BatchStop
    let watch: @Sendable (BatchProgress) -> Void

    private static let firstPlanLimit = Duration.seconds(10)
    private static let laterPlanLimit = Duration.seconds(1)
    private static let rowsAtOnce = 256

    /// - Parameters:
    ///   - batch: as it stands in the ledger, its rows added.
    ///   - caller: whose models and policy hold.
    ///   - watch: called now and then with how far the batch is.
    package init(
        engine: Engine, batch: BatchRecord, terms: BatchTerms, caller: Caller, stop: BatchStop = BatchStop(),
        watch: @escaping @Sendable (BatchProgress) -> Void = { _ in }
    ) {
        self.engine = engine
        self.batch = batch
        self.terms = terms
        self.caller = caller
        self.stop = stop
        self.watch = watch
    }

    /// The rows of a batch, predicted and planned; nothing is spent yet.
    package struct Prepared: Sendable {
        /// What to say before starting.
        package let outlook: BatchOutlook
        let course: BatchCourse
        /// Rows that had their answer before.
        package let completedBefore: Int
        package let failed: Int
        /// Rows of the batch, with or without result.
        package let rows: Int
        /// Rows that other processes hold.
        package let elsewhere: Int
    }

    // MARK: Before

    /// Claims what is to be done, predicts it, and plans it under the batch's budget.
    ///
    /// Rows that no model can serve get their error at once.
    package func prepare() async throws(EngineError) -> Prepared {
        if let budget = terms.budget {
            try await ledger { ledger throws(LedgerError) in
                try await ledger.setBudget(Budget(scope: .batch(batch.id), limit: .usd(budget)), at: .now())
            }
        }
        let models = try engine.batchModels(for: caller)
        var table = BatchTable(models: models)
        var weights = engine.settings.defaultPolicy.weights
        while !isStopping {
            let claimed = try await ledger { ledger throws(LedgerError) in
                try await ledger.claimRows(ofBatch: batch.id, limit: Self.rowsAtOnce)
            }
            if claimed.isEmpty { break }
            var faults: [BatchRowResult] = []
            for row in claimed {
                do throws(EngineError) {
                    let forecast = try engine.forecast(row, asking: terms.model, models: models, caller: caller)
                    weights = forecast.context.policy.weights
                    if !table.append(line: row.line, candidates: forecast.candidates) {
                        faults.append(result(of: row, EngineError.routing(.noCandidate([]))))
                    }
                } catch {
                    faults.append(result(of: row, error))
                }
            }
            if !faults.isEmpty { try await commit(StepCommit(rows: faults)) }
        }
        let counts = try await ledger { ledger throws(LedgerError) in try await ledger.rowCounts(ofBatch: batch.id) }
        let spent = try await spent()
        let planner = BatchPlanner(
            table: table, terms: terms,
            weights: AssignmentWeights(
                cost: weights.cost, energy: weights.energy, latency: weights.latency, accuracy: weights.accuracy))
        let left = terms.budget.map { max((try? $0.subtracting(spent)) ?? .zero, .zero) }
        let (plan, outlook) = try await plan(planner, left: left)
        return Prepared(
            outlook: outlook, course: BatchCourse(planner: planner, plan: plan, budget: terms.budget, spent: spent),
            completedBefore: Int(counts[.completed] ?? 0), failed: Int(counts[.failed] ?? 0),
            rows: Int(counts.values.reduce(0, +)), elsewhere: Int(counts[.claimed] ?? 0) - table.rows.count)
    }

    private func plan(
        _ planner: BatchPlanner, left: Money?
    ) async throws(EngineError) -> (BatchPlanner.Plan?, BatchOutlook) {
        let rows = Array(planner.table.rows.indices)
        guard !rows.isEmpty else { return (nil, BatchOutlook(planner, rows: [], plan: nil, left: left, forAll: nil)) }
        let means = BatchPlanner.Means(left: left, seconds: secondsLeft)
        let rule = terms.ifShort
        let result = await Aside.run { () -> Result<(BatchPlanner.Plan?, BatchOutlook), OptimizationError> in
            do throws(OptimizationError) {
                let plan = try planner.plan(
                    rows, means: means, bestOnly: rule == .best, timeLimit: Self.firstPlanLimit)
                let isShort = plan?.rows.count != rows.count
                let forAll =
                    isShort
                    ? planner.budgetForAll(rows, seconds: means.seconds, timeLimit: Self.firstPlanLimit) : nil
                return .success((plan, BatchOutlook(planner, rows: rows, plan: plan, left: left, forAll: forAll)))
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

    // MARK: Doing

    private enum Event: Sendable {
        case row(Int, model: Int, BatchCall.End)
        case tick
    }

    /// Does the rows until there is nothing more to do or a reason to stop; rows without a result can be claimed again.
    package func run(_ prepared: Prepared) async throws(EngineError) -> BatchEnding {
        var course = prepared.course
        let result = await withTaskGroup(of: Event.self) { group in
            await work(&course, prepared, &group)
        }
        let lines = course.open.sorted().map { course.planner.table.rows[$0].line }
        for start in stride(from: 0, to: lines.count, by: Self.rowsAtOnce) {
            let rows = lines[start..<min(start + Self.rowsAtOnce, lines.count)].map {
                BatchRowResult(batchID: batch.id, line: $0, status: .pending)
            }
            try await commit(StepCommit(rows: rows))
        }
        let ending = try result.get()
        if ending == .finished, prepared.elsewhere > 0 { return .elsewhere(rows: prepared.elsewhere) }
        return ending
    }

    /// Gives back the rows that `prepare` claimed, undone.
    package func giveBack(_ prepared: Prepared) async throws(EngineError) {
        stop.request()
        _ = try await run(prepared)
    }

    private func work(
        _ course: inout BatchCourse, _ prepared: Prepared, _ group: inout TaskGroup<Event>
    ) async -> Result<BatchEnding, EngineError> {
        let started = ContinuousClock.now
        var failed = prepared.failed
        var ticking = false
        // Set when a wider budget has no room: nothing begins before something has ended.
        var isHeld = false
        var ending: Result<BatchEnding, EngineError>?
        var lastWatch = -1.0
        while true {
            if ending == nil {
                if isStopping { ending = .success(.stopped) }
                if let seconds = secondsLeft, seconds <= 0 { ending = .success(.late) }
            }
            starting: while ending == nil, !isHeld {
                switch course.next(at: started.seconds) {
                case .start(let row, let model):
                    let table = course.planner.table
                    let call = BatchCall(runner: self, line: table.rows[row].line, models: table.models)
                    let id = table.models[model].model.id
                    group.addTask { .row(row, model: model, await call.run(by: id)) }
                case .tooDear(let row, let model): course.tooDear(row, model: model)
                case .wait(let until):
                    if let until, !ticking {
                        ticking = true
                        let pause = min(max(until - started.seconds, 0.01), 0.25)
                        group.addTask {
                            try? await Task.sleep(for: .seconds(pause))
                            return .tick
                        }
                    }
                    break starting
                case .empty: break starting
                }
            }
            if lastWatch + 0.2 < started.seconds {
                lastWatch = started.seconds
                report(course, prepared, failed: failed, seconds: lastWatch)
            }
            if course.queue.runningCount == 0, !ticking || ending != nil {
                if let ending {
                    group.cancelAll()
                    report(course, prepared, failed: failed, seconds: started.seconds)
                    return ending
                }
                ending = await nextRound(&course)
                continue
            }
            guard let event = await group.next() else { continue }
            isHeld = false
            switch event {
            case .tick: ticking = false
            case .row(let row, let model, let end):
                do throws(EngineError) {
                    switch end {
                    case .answered(let cost):
                        course.answered(row, by: model, cost: cost)
                    case .refused:
                        course.gaveUp(row)
                        failed += 1
                    case .failed(let error, let isBusy, let retryAfter):
                        let isWaiting = course.failed(
                            row, model: model, isBusy: isBusy, retryAfter: retryAfter, at: started.seconds)
                        if !isWaiting {
                            try await fail(course.planner.table.rows[row].line, error)
                            course.gaveUp(row)
                            failed += 1
                        }
                    case .unpaid(let refusal):
                        course.unpaid(row, model: model)
                        if course.queue.runningCount > 0 {
                            isHeld = true
                        } else if refusal.scope == .batch(batch.id) {
                            course.tooDear(row, model: model)
                        } else if ending == nil {
                            ending = .success(.shortOfMoney(refusal.description))
                        }
                    case .broken(let error):
                        course.unpaid(row, model: model)
                        throw error
                    }
                    if terms.budget != nil { course.learned(spent: try await spent()) }
                } catch {
                    engine.logger.error("batch stops", metadata: ["batch": "\(batch.id)", "reason": "\(error)"])
                    if ending == nil { ending = .failure(error) }
                }
                if ending == nil, course.wantsReplan {
                    let present = course
                    course.readopt(await Aside.run { present.replanned(timeLimit: Self.laterPlanLimit) })
                }
            }
        }
    }

    /// Nothing waits and nothing runs: rows that were set aside are planned once more, as long as that brings answers.
    private func nextRound(_ course: inout BatchCourse) async -> Result<BatchEnding, EngineError>? {
        guard !course.open.isEmpty else { return .success(.finished) }
        let left = course.left
        if course.mayGoOn {
            // The last of the money is planned to the mean: what each call may cost at most is reserved in any case.
            var terms = terms
            terms.confidence = 0.5
            let planner = BatchPlanner(table: course.planner.table, terms: terms, weights: course.planner.weights)
            let rows = course.aside.sorted()
            let means = BatchPlanner.Means(left: left, seconds: secondsLeft)
            let plan = await Aside.run {
                try? planner.plan(rows, means: means, bestOnly: false, timeLimit: Self.laterPlanLimit)
            }
            if let plan {
                course.adopt(plan)
                return nil
            }
        }
        let least = course.open.compactMap { course.planner.table.rows[$0].leastBound }.min() ?? .zero
        return .success(
            .shortOfMoney(
                "$\(left ?? .zero) of the batch's budget are left, and the highest possible bill of the cheapest row is $\(least)"
            ))
    }

    private func report(_ course: BatchCourse, _ prepared: Prepared, failed: Int, seconds: Double) {
        watch(
            course.progress(
                completedBefore: prepared.completedBefore, failed: failed, rows: prepared.rows, seconds: seconds))
    }

    // MARK: Ledger

    private var isStopping: Bool { stop.isRequested || Task.isShuttingDownGracefully || Task.isCancelled }

    private var secondsLeft: Double? { terms.deadline.map { $0.seconds - Timestamp.now().seconds } }

    /// Booked on the batch so far.
    private func spent() async throws(EngineError) -> Money {
        guard terms.budget != nil else {
            let entries = try await ledger { ledger throws(LedgerError) in try await ledger.entries(ofRun: batch.id) }
            return entries.reduce(Money.zero) { (try? $0.adding($1.result.figures.cost.total)) ?? $0 }
        }
        let budgets = try await ledger { ledger throws(LedgerError) in
            try await ledger.budgets(of: [.batch(batch.id)], at: .now())
        }
        return Money(nanoUSD: budgets.first { $0.budget.limit.unit == .usd && $0.budget.window == .none }?.spent ?? 0)
    }

    private func fail(_ line: Int64, _ error: EngineError) async throws(EngineError) {
        let row = BatchRow(batchID: batch.id, line: line, customID: "", request: [])
        try await commit(StepCommit(rows: [result(of: row, error)]))
    }

    private func result(of row: BatchRow, _ error: EngineError) -> BatchRowResult {
        let fault = BatchFault(line: row.line, customID: row.customID, code: error.code, message: error.description)
        return BatchRowResult(batchID: batch.id, line: row.line, status: .failed, response: fault.body)
    }

    func commit(_ commit: StepCommit) async throws(EngineError) {
        do throws(LedgerError) {
            _ = try await engine.ledger.commitPatiently(commit)
        } catch {
            throw .ledger(error)
        }
    }

    func ledger<Value>(
        _ work: (any LedgerStore) async throws(LedgerError) -> Value
    ) async throws(EngineError) -> Value {
        do throws(LedgerError) {
            return try await work(engine.ledger)
        } catch {
            throw .ledger(error)
        }
    }
}

extension BatchOutlook {
    init(_ planner: BatchPlanner, rows: [Int], plan: BatchPlanner.Plan?, left: Money?, forAll: Double?) {
        let options = plan.map { plan in
            zip(plan.rows, plan.batch.choice).compactMap { planner.table.rows[$0].options[$1] }
        }
        let chosen = options ?? []
        var share: [String: Int] = [:]
        for model in plan?.batch.choice ?? [] { share[planner.table.models[model].model.id.rawValue, default: 0] += 1 }
        self.init(
            rows: rows.count, affordable: chosen.count,
            accuracy: chosen.reduce(0) { $0 + $1.accuracy } / Double(max(1, chosen.count)),
            cost: Money(nanoUSD: Int64(chosen.reduce(0) { $0 + $1.cost }.rounded())),
            pessimisticCost: Money(nanoUSD: Int64((plan?.pessimisticCost ?? 0).rounded(.up))),
            gap: plan?.batch.solution.gap ?? 0, budgetForAll: forAll.map { Money(nanoUSD: Int64($0.rounded(.up))) },
            left: left, share: share)
    }
}
