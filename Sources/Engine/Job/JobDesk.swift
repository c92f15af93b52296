package import Core
package import Ledger
import Logging
import ServiceLifecycle
import Synchronization

/// Takes jobs in, hands them to runners, and takes up after a restart what was under way before it.
package final class JobDesk: Service {
    private struct State {
        var runners: [String: JobRunner] = [:]
        var running = 0
        var waiting: [JobRunner] = []
    }

    private let engine: Engine
    private let state = Mutex(State())

    package init(engine: Engine) {
        self.engine = engine
    }

    /// Takes up the jobs that a dead process left queued or running; then waits for the shutdown.
    package func run() async throws {
        await engine.fleet.surveyed()
        do throws(LedgerError) {
            for record in try await engine.ledger.jobs(in: [.queued, .running], limit: 10_000).reversed() {
                engine.logger.info("job taken up again", metadata: ["job": "\(record.id)"])
                try? start(record)
            }
        } catch {
            engine.logger.error("jobs of before cannot be read", metadata: ["reason": "\(error)"])
        }
        try? await gracefulShutdown()
    }

    /// Books a new job and starts it.
    package func submit(_ spec: JobSpec, from caller: Caller) async throws(EngineError) -> JobRecord {
        var spec = spec
        spec.policy.models = try engine.resolved(spec.policy.models).narrowed(by: try engine.resolved(caller.models))
        let id = Identifier.make("job")
        let now = Timestamp.now()
        let state = JobState(of: spec)
        var writer = JSONWriter()
        writer.object { spec.write(into: &$0) }
        let record = JobRecord(
            id: id, status: .queued, spec: writer.bytes, state: state.json,
            attribution: Attribution(team: caller.team, key: caller.key, job: id), createdAt: now, updatedAt: now)
        do throws(LedgerError) {
            if let budget = spec.policy.budget {
                try await engine.ledger.setBudget(Budget(scope: .job(id), limit: .usd(budget)), at: now)
            }
            let created = NewJobEvent(jobID: id, type: "job.created", data: Array("{}".utf8), at: now)
            _ = try await engine.ledger.commitStep(StepCommit(job: record, events: [created]))
        } catch {
            throw .ledger(error)
        }
        try start(record)
        return record
    }

    /// Gives a paused job what its tools said.
    package func take(_ outputs: [ToolOutput], for id: String) async throws(EngineError) {
        let record = try await job(id)
        guard record.status == .requiresAction else {
            throw .conflict("job \(id) is \(record.status.rawValue) and waits for no tool outputs")
        }
        guard let state = JobState(json: record.state) else { throw .conflict("the state of job \(id) is unreadable") }
        let pending = state.pendingCalls.map(\.id)
        for output in outputs where !pending.contains(output.callID) {
            throw .badRequest(
                FieldError(
                    "tool_outputs", "no call '\(output.callID)' is pending; pending: \(pending.joined(separator: ", "))"
                ))
        }
        let runner = try runner(of: record)
        let actions = await runner.accept(outputs)
        let isTaken = engine.pool.submit { [self] in
            await runner.work(on: actions)
            if await runner.isOver { forget(id) }
        }
        guard isTaken else { throw .shuttingDown }
    }

    /// Ends a job; calls under way are still booked.
    package func cancel(_ id: String) async throws(EngineError) -> JobRecord {
        let record = try await job(id)
        guard !record.status.isFinal else { throw .conflict("job \(id) is \(record.status.rawValue) already") }
        await (try runner(of: record)).cancel()
        forget(id)
        return try await job(id)
    }

    package func job(_ id: String) async throws(EngineError) -> JobRecord {
        do throws(LedgerError) {
            guard let record = try await engine.ledger.job(id) else { throw LedgerError.notFound(kind: "job", id: id) }
            return record
        } catch {
            if case .notFound = error { throw .notFound(kind: "job", id: id) }
            throw .ledger(error)
        }
    }

    // MARK: Runners

    private func runner(of record: JobRecord) throws(EngineError) -> JobRunner {
        if let runner = state.withLock({ $0.runners[record.id] }) { return runner }
        guard let root = try? JSONDocument(record.spec).root, let spec = try? JobSpec(json: root),
            let jobState = JobState(json: record.state)
        else { throw .conflict("job \(record.id) was written by another version and cannot be taken up") }
        let runner = JobRunner(engine: engine, record: record, spec: spec, state: jobState)
        return state.withLock { state in
            if let other = state.runners[record.id] { return other }
            state.runners[record.id] = runner
            return runner
        }
    }

    /// Starts a job now, or when one of those that run has ended.
    private func start(_ record: JobRecord) throws(EngineError) {
        let runner = try runner(of: record)
        let mayRun = state.withLock { state in
            guard state.running < engine.settings.limits.runningJobs else {
                state.waiting.append(runner)
                return false
            }
            state.running += 1
            return true
        }
        if mayRun, !launch(runner) { throw .shuttingDown }
    }

    private func launch(_ runner: JobRunner) -> Bool {
        engine.pool.submit { [self] in
            await runner.run()
            if await runner.isOver { forget(runner.id) }
            let next = state.withLock { state in
                if state.waiting.isEmpty {
                    state.running -= 1
                    return nil as JobRunner?
                }
                return state.waiting.removeFirst()
            }
            if let next { _ = launch(next) }
        }
    }

    private func forget(_ id: String) {
        state.withLock { _ = $0.runners.removeValue(forKey: id) }
    }
}
