import Calls
import Domain
import Ledger
import Logging
import Optimization
import Routing
import Steps
import Upstream

/// The event loop of a batch: calls and provider groups, while there are rows, money and time.
extension BatchRunner {
    /// An event of the loop.
    enum Event: Sendable {
        case row(Int, model: Int, BatchCall.End)
        case tick
        /// The reservation of a provider group succeeded or failed.
        case opened(ProviderQueue.ProviderChunk, ProviderCall.Opening)
        /// The action of a provider group has ended; nil where its pause was interrupted.
        case group(String, ProviderGroupMachine.Action, ProviderGroupMachine.Event?)
        /// The wait for a budget's next window has ended or was interrupted.
        case waitEnded
        /// The ledger failed on behalf of a group.
        case broken(String, any Error)
    }

    /// The mutable state of one run.
    struct BatchContext {
        var machine: BatchMachine
        var groups: [String: ProviderGroupMachine] = [:]
        /// Groups with an action in flight.
        var busy: Set<String> = []
        var failed: Int
        /// What models' servers said when they refused a row, by row of the table.
        var refusals: [Int: [(model: ModelID, error: UpstreamError)]] = [:]
        /// The outcome, once decided; groups at providers may still have to be collected.
        var ending: Result<BatchOutcome, any Error>?
        /// Set when a wider budget has no room: no call starts before an event arrives.
        var isHeld = false
        var isTicking = false
        /// Set until an exhausted budget is reset.
        var wait: BatchWait?
        var isWaitingForBudget = false

        /// Whether provider groups are left open for the next owner of the batch.
        var isLeaving: Bool {
            switch ending {
            case .success(.stopped), .success(.elsewhere), .failure: true
            default: false
            }
        }

        /// Whether any task in flight will produce an event.
        var isWorking: Bool {
            machine.queue.runningCount > 0 || machine.providerQueue.isReserving || !busy.isEmpty || isWaitingForBudget
                || isTicking && ending == nil
        }
    }

    /// Runs the rows until none is left or the run has to stop. Open rows become claimable again, except those at a
    /// provider.
    ///
    /// - Parameter saveWait: called with each wait for money as it begins, and with nil when it ends.
    package func run(
        _ prepared: Prepared, saveWait: @escaping @Sendable (BatchWait?) async -> Void = { _ in }
    ) async throws -> BatchOutcome {
        var context = BatchContext(machine: prepared.machine, failed: prepared.failed)
        for group in prepared.groups {
            context.groups[group.name] = ProviderGroupMachine(
                group, pollSeconds: stepService.settings.limits.providerPollSeconds)
            context.machine.providerQueue.found(group)
        }
        let result = await withTaskGroup(of: Event.self) { group in
            await work(&context, prepared, &group, saveWait)
        }
        let away = context.machine.providerQueue.rowsAway
        let lines = context.machine.open.subtracting(away).sorted().map { context.machine.planner.table.rows[$0].line }
        for piece in Self.pieces(of: lines) {
            let rows = piece.map { BatchRowResult(batchID: batch.id, line: $0, status: .pending) }
            try await commit(StepCommit(rows: rows))
        }
        let ending = try result.get()
        if ending == .finished, prepared.elsewhere > 0 { return .elsewhere(rows: prepared.elsewhere) }
        return ending
    }

    /// Releases the rows that `prepare` claimed.
    package func release(_ prepared: Prepared) async throws {
        stop.request()
        _ = try await run(prepared)
    }

    private func work(
        _ context: inout BatchContext, _ prepared: Prepared, _ group: inout TaskGroup<Event>,
        _ saveWait: @escaping @Sendable (BatchWait?) async -> Void
    ) async -> Result<BatchOutcome, any Error> {
        let started = ContinuousClock.now
        var lastWatch = -1.0
        while true {
            checkStopAndDeadline(&context)
            await start(&context, &group, at: started.seconds)
            advanceGroups(&context, &group)
            startWait(&context, &group, saveWait)
            if lastWatch + 0.2 < started.seconds || context.isWaitingForBudget {
                lastWatch = started.seconds
                report(context, prepared, seconds: lastWatch)
            }
            if !context.isWorking {
                if let ending = context.ending {
                    group.cancelAll()
                    await saveGroups(context)
                    report(context, prepared, seconds: started.seconds)
                    return ending
                }
                context.ending = await nextRound(&context.machine)
                continue
            }
            guard let event = await group.next() else { continue }
            do {
                try await handle(event, &context, at: started.seconds)
                if context.machine.readsSpentFromLedger { context.machine.update(spent: try await spent()) }
            } catch {
                stepService.logger.error("batch stopped", metadata: ["batch": "\(batch.id)", "reason": "\(error)"])
                if context.ending == nil || !context.isLeaving { context.ending = .failure(error) }
            }
            if context.ending == nil, context.machine.wantsReplan {
                let present = context.machine
                context.machine.readopt(await OffPool.run { present.replanned(timeLimit: Self.laterPlanLimit) })
            }
        }
    }

    private func checkStopAndDeadline(_ context: inout BatchContext) {
        if context.ending == nil {
            if isStopping { context.ending = .success(stopped) }
            if let seconds = secondsLeft, seconds <= 0 { context.ending = .success(.late) }
        } else if isLeavingNow, !context.isLeaving, !context.groups.isEmpty {
            // The next owner of the batch collects from the providers.
            context.ending = .success(.stopped)
        }
    }

    /// Starts every call that has a slot and money.
    private func start(_ context: inout BatchContext, _ group: inout TaskGroup<Event>, at now: Double) async {
        guard context.ending == nil, !context.isHeld, context.wait == nil else { return }
        await openGroups(&context, &group)
        while true {
            switch context.machine.next(at: now) {
            case .start(let row, let model):
                let table = context.machine.planner.table
                let call = BatchCall(runner: self, line: table.rows[row].line, models: table.models)
                let id = table.models[model].model.id
                group.addTask { .row(row, model: model, await call.run(by: id)) }
            case .unaffordable(let row, let model): context.machine.unaffordable(row, model: model)
            case .wait(let until):
                if let until, !context.isTicking {
                    context.isTicking = true
                    let pause = min(max(until - now, 0.01), 0.25)
                    group.addTask {
                        try? await Task.sleep(for: .seconds(pause))
                        return .tick
                    }
                }
                return
            case .empty: return
            }
        }
    }

    /// Applies an event.
    private func handle(_ event: Event, _ context: inout BatchContext, at now: Double) async throws {
        if case .group(_, _, nil) = event {} else { context.isHeld = false }
        switch event {
        case .tick: context.isTicking = false
        case .waitEnded:
            context.isWaitingForBudget = false
            context.wait = nil
            context.machine.providerQueue.budgetReleased()
        case .row(let row, let model, let end): try await handle(end, of: row, by: model, &context, at: now)
        case .opened(let chunk, let opening): try opened(chunk, opening, &context)
        case .group(let name, let action, let event):
            context.busy.remove(name)
            if let event { try await handle(event, after: action, of: name, &context) }
        case .broken(let name, let error):
            context.busy.remove(name)
            throw error
        }
    }

    private func handle(
        _ end: BatchCall.End, of row: Int, by model: Int, _ context: inout BatchContext, at now: Double
    ) async throws {
        context.machine.providerQueue.budgetReleased()
        switch end {
        case .answered(let cost): context.machine.answered(row, by: model, cost: cost)
        case .refused:
            context.machine.abandoned(row)
            context.failed += 1
        case .taken: context.machine.abandoned(row)
        case .refusedBy(let id, let error):
            context.refusals[row, default: []].append((id, error))
            let isTooLong = error.refusal?.isContextOverflow ?? false
            guard !context.machine.refused(row, model: model, isTooLong: isTooLong) else { break }
            let refusals = context.refusals.removeValue(forKey: row) ?? []
            try await fail(context.machine.planner.table.rows[row].line, ServiceError.noAnswer(refusals))
            context.machine.abandoned(row)
            context.failed += 1
        case .failed(let error, let isBusy, let retryAfter):
            let isWaiting = context.machine.failed(
                row, model: model, isBusy: isBusy, retryAfter: retryAfter, at: now)
            if !isWaiting {
                try await fail(context.machine.planner.table.rows[row].line, error)
                context.machine.abandoned(row)
                context.failed += 1
            }
        case .unpaid(let refusal):
            let isAlone = context.machine.queue.runningCount == 1 && context.machine.providerQueue.isIdle
            if isAlone, refusal.scope == .batch(batch.id) {
                context.machine.rejected(row, model: model)
                break
            }
            context.machine.unpaid(row, model: model)
            unpaid(refusal, &context)
        case .broken(let error):
            context.machine.unpaid(row, model: model)
            throw error
        }
    }

    /// Handles a refusal by a budget. Waits for calls in flight, else for the budget's next window. Without either the
    /// batch ends as short of money.
    func unpaid(_ refusal: BudgetRefusal, _ context: inout BatchContext) {
        if context.machine.isBusy {
            context.isHeld = true
        } else if context.ending == nil {
            if let wait = BatchWait(for: refusal, deadline: terms.deadline, now: .now()) {
                context.wait = wait
                stepService.logger.info(
                    "batch waits for budget", metadata: ["batch": "\(batch.id)", "reason": "\(wait.description)"])
            } else {
                context.ending = .success(.shortOfMoney(refusal.description))
            }
        }
    }

    /// Starts the wait for a budget; a stop signal interrupts it.
    private func startWait(
        _ context: inout BatchContext, _ group: inout TaskGroup<Event>,
        _ saveWait: @escaping @Sendable (BatchWait?) async -> Void
    ) {
        guard let wait = context.wait, !context.isWaitingForBudget, context.ending == nil else { return }
        context.isWaitingForBudget = true
        group.addTask {
            await saveWait(wait)
            _ = await didWait(wait.until.seconds - Timestamp.now().seconds)
            await saveWait(nil)
            return .waitEnded
        }
    }

    private var stopped: BatchOutcome {
        switch stop.reason {
        case .cancelled: .cancelled
        case .forbidden(let reason): .forbidden(reason)
        case .asked, .lost, nil: .stopped
        }
    }

    private func report(_ context: BatchContext, _ prepared: Prepared, seconds: Double) {
        var progress = context.machine.progress(
            completedBefore: prepared.completedBefore, failed: context.failed, rows: prepared.rows, seconds: seconds)
        progress.wait = context.ending == nil ? context.wait : nil
        progress.providerBatches = context.groups.values.map(\.group).sorted {
            ($0.createdAt, $0.name) < ($1.createdAt, $1.name)
        }.map { ProviderBatchView($0) }
        watch(progress)
    }
}
