import Core
import Ledger
import Logging
import Optimization
import Routing

/// The calls of a batch, as long as there are rows, money and time.
extension BatchRunner {
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
                if isStopping { ending = .success(stopped) }
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
                    case .taken: course.gaveUp(row)
                    case .failed(let error, let isBusy, let retryAfter):
                        let isWaiting = course.failed(
                            row, model: model, isBusy: isBusy, retryAfter: retryAfter, at: started.seconds)
                        if !isWaiting {
                            try await fail(course.planner.table.rows[row].line, error)
                            course.gaveUp(row)
                            failed += 1
                        }
                    case .unpaid(let refusal):
                        if course.queue.runningCount == 1, refusal.scope == .batch(batch.id) {
                            course.turnedAway(row, model: model)
                            break
                        }
                        course.unpaid(row, model: model)
                        if course.queue.runningCount > 0 {
                            isHeld = true
                        } else if ending == nil {
                            ending = .success(.shortOfMoney(refusal.description))
                        }
                    case .broken(let error):
                        course.unpaid(row, model: model)
                        throw error
                    }
                    if course.isTold { course.learned(spent: try await spent()) }
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
            let means = BatchPlanner.Means(left: left, seconds: secondsLeft, joules: course.joulesLeft)
            let plan = await Aside.run {
                try? planner.plan(rows, means: means, bestOnly: false, timeLimit: Self.laterPlanLimit)
            }
            if let plan {
                course.adopt(plan)
                return nil
            }
        }
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

    private var stopped: BatchEnding {
        switch stop.reason {
        case .cancelled: .cancelled
        case .forbidden(let reason): .forbidden(reason)
        case .asked, .lost, nil: .stopped
        }
    }

    private func report(_ course: BatchCourse, _ prepared: Prepared, failed: Int, seconds: Double) {
        watch(
            course.progress(
                completedBefore: prepared.completedBefore, failed: failed, rows: prepared.rows, seconds: seconds))
    }
}
