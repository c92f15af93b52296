package import Calls
import Domain
import Ledger
import Logging
import Optimization
import Routing
import Steps

/// The calls of a batch, and its rows at providers, as long as there are rows, money and time.
extension BatchRunner {
    /// What happened.
    enum Event: Sendable {
        case row(Int, model: Int, BatchCall.End)
        case tick
        /// A group of rows was reserved for a provider, or not.
        case opened(ProviderQueue.ProviderChunk, ProviderCall.Opening)
        /// Something came of a group at a provider; nil where it was woken to think again.
        case group(String, ProviderGroupMachine.Action, ProviderGroupMachine.Event?)
        /// The pause for a budget's next window is over, or was ended.
        case rested
        /// The ledger stood in a group's way.
        case broken(String, ServiceError)
    }

    /// What a run keeps besides its course.
    struct BatchContext {
        var course: BatchMachine
        var groups: [String: ProviderGroupMachine] = [:]
        /// Groups that something is being done for.
        var busy: Set<String> = []
        var failed: Int
        /// Why it ends; rows at providers may have to be fetched before.
        var ending: Result<BatchOutcome, ServiceError>?
        /// Set when a wider budget has no room: nothing begins before something has ended.
        var isHeld = false
        var isTicking = false
        /// Set until a used-up budget is whole again.
        var wait: BatchWait?
        var isResting = false

        /// Whether what is at providers is left there, for who goes on with the batch.
        var isLeaving: Bool {
            switch ending {
            case .success(.stopped), .success(.elsewhere), .failure: true
            default: false
            }
        }

        /// Whether something is under way that ends by itself.
        var isWorking: Bool {
            course.queue.runningCount > 0 || course.post.isReserving || !busy.isEmpty || isResting
                || isTicking && ending == nil
        }
    }

    /// Does the rows until there is nothing more to do or a reason to stop; rows without a result can be claimed again,
    /// unless they are at a provider.
    ///
    /// - Parameter keepWait: told of every wait for money as it begins, and nil when it is over.
    package func run(
        _ prepared: Prepared, keepWait: @escaping @Sendable (BatchWait?) async -> Void = { _ in }
    ) async throws(ServiceError) -> BatchOutcome {
        var board = BatchContext(course: prepared.course, failed: prepared.failed)
        for group in prepared.groups {
            board.groups[group.name] = ProviderGroupMachine(
                group, pollSeconds: stepService.settings.limits.providerPollSeconds)
            board.course.post.found(group)
        }
        let result = await withTaskGroup(of: Event.self) { group in
            await work(&board, prepared, &group, keepWait)
        }
        let away = board.course.post.rowsAway
        let lines = board.course.open.subtracting(away).sorted().map { board.course.planner.table.rows[$0].line }
        for piece in Self.pieces(of: lines) {
            let rows = piece.map { BatchRowResult(batchID: batch.id, line: $0, status: .pending) }
            try await commit(StepCommit(rows: rows))
        }
        let ending = try result.get()
        if ending == .finished, prepared.elsewhere > 0 { return .elsewhere(rows: prepared.elsewhere) }
        return ending
    }

    /// Gives back the rows that `prepare` claimed, undone.
    package func giveBack(_ prepared: Prepared) async throws(ServiceError) {
        stop.request()
        _ = try await run(prepared)
    }

    private func work(
        _ board: inout BatchContext, _ prepared: Prepared, _ group: inout TaskGroup<Event>,
        _ keepWait: @escaping @Sendable (BatchWait?) async -> Void
    ) async -> Result<BatchOutcome, ServiceError> {
        let started = ContinuousClock.now
        var lastWatch = -1.0
        while true {
            lookAtTheClock(&board)
            await start(&board, &group, at: started.seconds)
            goOn(&board, &group)
            rest(&board, &group, keepWait)
            if lastWatch + 0.2 < started.seconds || board.isResting {
                lastWatch = started.seconds
                report(board, prepared, seconds: lastWatch)
            }
            if !board.isWorking {
                if let ending = board.ending {
                    group.cancelAll()
                    await saveGroups(board)
                    report(board, prepared, seconds: started.seconds)
                    return ending
                }
                board.ending = await nextRound(&board.course)
                continue
            }
            guard let event = await group.next() else { continue }
            do throws(ServiceError) {
                try await take(event, &board, at: started.seconds)
                if board.course.isTold { board.course.learned(spent: try await spent()) }
            } catch {
                stepService.logger.error("batch stops", metadata: ["batch": "\(batch.id)", "reason": "\(error)"])
                if board.ending == nil || !board.isLeaving { board.ending = .failure(error) }
            }
            if board.ending == nil, board.course.wantsReplan {
                let present = board.course
                board.course.readopt(await OffPool.run { present.replanned(timeLimit: Self.laterPlanLimit) })
            }
        }
    }

    private func lookAtTheClock(_ board: inout BatchContext) {
        if board.ending == nil {
            if isStopping { board.ending = .success(stopped) }
            if let seconds = secondsLeft, seconds <= 0 { board.ending = .success(.late) }
        } else if isLeavingNow, !board.isLeaving, !board.groups.isEmpty {
            // What was to be fetched from providers is fetched by who goes on.
            board.ending = .success(.stopped)
        }
    }

    /// Begins whatever has a place and money.
    private func start(_ board: inout BatchContext, _ group: inout TaskGroup<Event>, at now: Double) async {
        guard board.ending == nil, !board.isHeld, board.wait == nil else { return }
        await post(&board, &group)
        while true {
            switch board.course.next(at: now) {
            case .start(let row, let model):
                let table = board.course.planner.table
                let call = BatchCall(runner: self, line: table.rows[row].line, models: table.models)
                let id = table.models[model].model.id
                group.addTask { .row(row, model: model, await call.run(by: id)) }
            case .tooDear(let row, let model): board.course.tooDear(row, model: model)
            case .wait(let until):
                if let until, !board.isTicking {
                    board.isTicking = true
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

    /// Books what happened.
    private func take(_ event: Event, _ board: inout BatchContext, at now: Double) async throws(ServiceError) {
        if case .group(_, _, nil) = event {} else { board.isHeld = false }
        switch event {
        case .tick: board.isTicking = false
        case .rested:
            board.isResting = false
            board.wait = nil
            board.course.post.moneyCameBack()
        case .row(let row, let model, let end): try await take(end, of: row, by: model, &board, at: now)
        case .opened(let parcel, let opening): try opened(parcel, opening, &board)
        case .group(let name, let action, let event):
            board.busy.remove(name)
            if let event { try await take(event, after: action, of: name, &board) }
        case .broken(let name, let error):
            board.busy.remove(name)
            throw error
        }
    }

    private func take(
        _ end: BatchCall.End, of row: Int, by model: Int, _ board: inout BatchContext, at now: Double
    ) async throws(ServiceError) {
        board.course.post.moneyCameBack()
        switch end {
        case .answered(let cost): board.course.answered(row, by: model, cost: cost)
        case .refused:
            board.course.gaveUp(row)
            board.failed += 1
        case .taken: board.course.gaveUp(row)
        case .failed(let error, let isBusy, let retryAfter):
            let isWaiting = board.course.failed(
                row, model: model, isBusy: isBusy, retryAfter: retryAfter, at: now)
            if !isWaiting {
                try await fail(board.course.planner.table.rows[row].line, error)
                board.course.gaveUp(row)
                board.failed += 1
            }
        case .unpaid(let refusal):
            let isAlone = board.course.queue.runningCount == 1 && board.course.post.isIdle
            if isAlone, refusal.scope == .batch(batch.id) {
                board.course.turnedAway(row, model: model)
                break
            }
            board.course.unpaid(row, model: model)
            unpaid(refusal, &board)
        case .broken(let error):
            board.course.unpaid(row, model: model)
            throw error
        }
    }

    /// A budget has no room: what is under way may bring money back, then its next window, else the batch is short of it.
    func unpaid(_ refusal: BudgetRefusal, _ board: inout BatchContext) {
        if board.course.isBusy {
            board.isHeld = true
        } else if board.ending == nil {
            if let wait = BatchWait(for: refusal, deadline: terms.deadline, now: .now()) {
                board.wait = wait
                stepService.logger.info("batch waits", metadata: ["batch": "\(batch.id)", "reason": "\(wait.words)"])
            } else {
                board.ending = .success(.shortOfMoney(refusal.description))
            }
        }
    }

    /// Lets a wait pass; a reason to stop ends it.
    private func rest(
        _ board: inout BatchContext, _ group: inout TaskGroup<Event>,
        _ keepWait: @escaping @Sendable (BatchWait?) async -> Void
    ) {
        guard let wait = board.wait, !board.isResting, board.ending == nil else { return }
        board.isResting = true
        group.addTask {
            await keepWait(wait)
            _ = await isRested(wait.until.seconds - Timestamp.now().seconds)
            await keepWait(nil)
            return .rested
        }
    }

    /// Nothing waits and nothing runs: rows that were set aside are planned once more, as long as that brings answers.
    private func nextRound(_ course: inout BatchMachine) async -> Result<BatchOutcome, ServiceError>? {
        guard !course.open.isEmpty else { return .success(.finished) }
        if course.post.isWaiting {
            course.clearPost()
            if course.queue.isWaiting || course.post.isWaiting { return nil }
        }
        let left = course.left
        if await planAside(&course) { return nil }
        let least = course.open.compactMap { course.planner.table.rows[$0].leastBound }.min() ?? .zero
        if secondsLeft != nil, course.joulesLeft == nil, left.map({ $0 >= least }) ?? true {
            return .success(.late)  // The money would do; no call is expected to end in the time left.
        }
        guard let left else {
            return .success(.shortOfMoney("no model is left that keeps the batch's limits for the rows that are left"))
        }
        return .success(
            .shortOfMoney("$\(left) are left, and the highest possible bill of the cheapest row is $\(least)"))
    }

    /// Plans rows that were set aside with the money that nobody holds; false where that does none of them.
    func planAside(_ course: inout BatchMachine) async -> Bool {
        guard course.mayGoOn else { return false }
        // The last of the money is planned to the mean: what each call may cost at most is reserved in any case.
        var terms = terms
        terms.confidence = 0.5
        let planner = BatchPlanner(table: course.planner.table, terms: terms, weights: course.planner.weights)
        let rows = course.aside.sorted()
        let means = BatchPlanner.Means(
            left: course.free.map { Money(nanoUSD: max(0, $0)) }, seconds: secondsLeft, joules: course.joulesLeft)
        let plan = await OffPool.run {
            try? planner.plan(rows, means: means, bestOnly: false, timeLimit: Self.laterPlanLimit)
        }
        guard let plan else { return false }
        course.adopt(plan)
        return true
    }

    private var stopped: BatchOutcome {
        switch stop.reason {
        case .cancelled: .cancelled
        case .forbidden(let reason): .forbidden(reason)
        case .asked, .lost, nil: .stopped
        }
    }

    private func report(_ board: BatchContext, _ prepared: Prepared, seconds: Double) {
        var progress = board.course.progress(
            completedBefore: prepared.completedBefore, failed: board.failed, rows: prepared.rows, seconds: seconds)
        progress.wait = board.ending == nil ? board.wait : nil
        progress.providerBatches = board.groups.values.map(\.group).sorted {
            ($0.createdAt, $0.name) < ($1.createdAt, $1.name)
        }.map { ProviderBatchView($0) }
        watch(progress)
    }
}
