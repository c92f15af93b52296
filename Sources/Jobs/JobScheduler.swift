import Calls
import Dialects
package import Domain
import JSON
package import Ledger
import Logging
import ServiceLifecycle
package import Steps
import Synchronization
import Upstream

/// Accepts jobs, claims those without a living owner, and hands them to runners.
///
/// A job is leased to the node that runs it. A paused job has no owner: the node that receives the outputs continues
/// it. Jobs of a dead node are claimed by the others within the lease.
package final class JobScheduler: Service {
    private struct State {
        /// Runners of jobs that run here or paused here last.
        var runners: [String: JobRunner] = [:]
        var running: Set<String> = []
    }

    private let stepService: StepService
    /// Signals changes of jobs to followers.
    package let feed = JobFeed()
    private let webhooks: Webhooks
    private let state = Mutex(State())
    private let leaseLoop = LeaseLoop()

    package init(stepService: StepService) {
        self.stepService = stepService
        webhooks = Webhooks(
            rules: stepService.settings.webhooks, upstream: stepService.calls.upstream, keys: stepService.calls.keys)
    }

    /// Claims jobs until shutdown: on a notification, after a job ends, and periodically from dead nodes.
    package func run() async throws {
        await leaseLoop.run(
            on: stepService.ledger, models: stepService.registry,
            leaseSeconds: stepService.settings.limits.leaseSeconds
        ) { [self] notification in
            handle(notification)
        } check: { [self] in
            feed.publishAll()
        } claim: { [self] in
            await claimJobs()
        }
    }

    /// Forwards notifications of other nodes.
    private func handle(_ notification: LedgerNotification) {
        switch notification {
        case .job(let id): feed.publish(id)
        case .waitingJob: leaseLoop.wake()
        case .batch, .key, .budget: break
        }
    }

    private func claimJobs() async {
        let free = state.withLock { stepService.settings.limits.runningJobs - $0.running.count }
        guard free > 0 else { return }
        do {
            for record in try await stepService.ledger.claimJobs(limit: free) {
                if record.status == .running || record.lease > 1 {
                    stepService.logger.info("job resumed", metadata: ["job": "\(record.id)"])
                }
                await start(record)
            }
        } catch {
            stepService.logger.error("claiming jobs failed", metadata: ["reason": "\(error)"])
        }
    }

    /// Stores a new job; any node may claim it.
    package func submit(_ spec: JobSpec, from caller: Caller) async throws -> JobRecord {
        var spec = spec
        try checkTools(of: spec)
        spec.policy = try stepService.resolved(spec.policy)
        spec.policy.models = spec.policy.models.narrowed(by: try stepService.resolved(caller.models))
        let id = caller.ticket.map { "job_\($0.token)" } ?? Identifier.make("job")
        // A node may have died after the insert and before its response.
        if caller.ticket?.isTakenOver == true, let made = try await known(id) { return made }
        let now = Timestamp.now()
        let state = JobState(of: spec)
        var writer = JSONWriter()
        writer.object { spec.write(into: &$0) }
        let record = JobRecord(
            id: id, status: .queued, spec: writer.bytes, state: state.json,
            attribution: Attribution(team: caller.team, key: caller.key, job: id, labels: caller.labels),
            createdAt: now, updatedAt: now)
        if let budget = spec.policy.budget {
            try await stepService.ledger.write {
                try $0.setBudget(Budget(scope: .job(id), limit: .usd(budget)), at: now)
            }
        }
        let created = NewJobEvent(jobID: id, type: "job.created", data: Array("{}".utf8), at: now)
        _ = try await stepService.ledger.commitStep(StepCommit(job: record, events: [created]))
        leaseLoop.wake()
        return record
    }

    /// Refuses a job with tool URLs that the settings do not allow.
    private func checkTools(of spec: JobSpec) throws {
        for (index, tool) in spec.agent.tools.enumerated() {
            guard case .http(_, _, _, let url) = tool else { continue }
            if let problem = webhooks.problem(with: url) {
                throw FieldError("agent.tools[\(index)].url", problem)
            }
        }
    }

    /// Resumes a paused job with its tool outputs.
    package func submit(_ outputs: [ToolOutput], for id: String) async throws {
        let record = try await job(id)
        guard record.status == .requiresAction else {
            throw ServiceError.conflict("job \(id) is \(record.status.rawValue) and waits for no tool outputs")
        }
        guard let state = JobState(json: record.state) else {
            throw ServiceError.conflict("the state of job \(id) is unreadable")
        }
        let pending = state.pendingCalls.map(\.id)
        for output in outputs where !pending.contains(output.callID) {
            throw FieldError(
                "tool_outputs", "no call '\(output.callID)' is pending; pending: \(pending.joined(separator: ", "))"
            )
        }
        // Another node may have received outputs of the same job between read and claim.
        guard let claimed = try await claim(id, seizing: false), claimed.state == record.state else {
            throw ServiceError.conflict("job \(id) has moved meanwhile; look at it again")
        }
        let runner = try await runner(of: claimed)
        let actions = await runner.accept(outputs)
        guard work(with: runner, { await runner.run(actions) }) else { throw ServiceError.shuttingDown }
    }

    /// Cancels a job on any node; calls in flight are still booked.
    package func cancel(_ id: String) async throws -> JobRecord {
        let record = try await job(id)
        guard !record.status.isFinal else {
            throw ServiceError.conflict("job \(id) is \(record.status.rawValue) already")
        }
        if let runner = state.withLock({ $0.running.contains(id) ? $0.runners[id] : nil }) {
            await runner.cancel()
            if await runner.isOver { return try await job(id) }
        }
        // The claim revokes the lease of the node that ran it.
        guard let claimed = try await claim(id, seizing: true) else { throw ServiceError.notFound(kind: "job", id: id) }
        if !claimed.status.isFinal {
            let runner = try await runner(of: claimed)
            await runner.cancel()
            remove(runner)
        }
        return try await job(id)
    }

    package func job(_ id: String) async throws -> JobRecord {
        guard let record = try await known(id) else { throw ServiceError.notFound(kind: "job", id: id) }
        return record
    }

    private func known(_ id: String) async throws -> JobRecord? {
        return try await stepService.ledger.read { try $0.job(id) }
    }

    private func claim(_ id: String, seizing: Bool) async throws -> JobRecord? {
        return try await stepService.ledger.claimJob(id, seizing: seizing)
    }

    // MARK: Runners

    /// The runner of a claimed job: the paused one, if the job has not changed since.
    private func runner(of record: JobRecord) async throws -> JobRunner {
        if let runner = state.withLock({ $0.runners[record.id] }), await runner.adopt(record) { return runner }
        guard let root = try? JSONDocument(record.spec).root, let spec = try? JobSpec(json: root, isStored: true),
            let jobState = JobState(json: record.state)
        else { throw ServiceError.conflict("job \(record.id) was written by another version and cannot be taken up") }
        let runner = JobRunner(
            stepService: stepService, webhooks: webhooks, feed: feed, record: record, spec: spec, state: jobState)
        state.withLock { $0.runners[record.id] = runner }
        return runner
    }

    private func start(_ record: JobRecord) async {
        do {
            let runner = try await runner(of: record)
            if !work(with: runner, { await runner.run() }) { await returnJob(record) }
        } catch {
            stepService.logger.error("job not started", metadata: ["job": "\(record.id)", "reason": "\(error)"])
        }
    }

    /// Runs work of a job in the pool; false after shutdown has begun.
    private func work(with runner: JobRunner, _ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { _ = $0.running.insert(runner.id) }
        return stepService.pool.submit { [self] in
            await body()
            switch await runner.standing {
            case .paused: state.withLock { _ = $0.running.remove(runner.id) }
            case .over, .lost: remove(runner)
            case .stuck(let record):
                remove(runner)
                // Delays the return, since the cause is likely to persist.
                try? await Task.sleep(for: .seconds(1))
                await returnJob(record)
            }
            leaseLoop.wake()
        }
    }

    private func returnJob(_ record: JobRecord) async {
        do {
            try await stepService.ledger.write { try $0.returnJob(record) }
        } catch {
            stepService.logger.error(
                "returning job failed", metadata: ["job": "\(record.id)", "reason": "\(error)"])
        }
    }

    /// Removes a runner, unless another one has replaced it.
    private func remove(_ runner: JobRunner) {
        state.withLock { state in
            guard state.runners[runner.id] === runner else { return }
            state.runners.removeValue(forKey: runner.id)
            state.running.remove(runner.id)
        }
    }
}
