import Calls
import Domain
import JSON
package import Ledger
import Logging
import ServiceLifecycle
package import Steps
import Synchronization

/// Accepts batches, claims those without a living owner, and runs them from input file to result files.
///
/// A batch is leased to the node that runs it. Batches of a dead node are claimed by the others within the lease. A
/// node that lost its lease notices at the next check and stops.
package final class BatchScheduler: Service {
    private struct Running {
        let stop: BatchStopSignal
        let lease: Int64
        let key: String?
        let snapshot = BatchSnapshot()
    }

    private struct State {
        var running: [String: Running] = [:]
        /// Claimed batches to return as soon as the ledger is writable.
        var returning: [BatchRecord] = []
    }

    let stepService: StepService
    private let state = Mutex(State())
    private let leaseLoop = LeaseLoop()
    private let lastSweep = Mutex(ContinuousClock.now)

    /// Incomplete uploads older than this are deleted.
    private static let longestUploadSeconds = 86_400.0
    private static let secondsBetweenSweeps = 60.0

    package init(stepService: StepService) {
        self.stepService = stepService
    }

    /// Claims batches until shutdown: on a notification, after a batch ends, and periodically from dead nodes.
    package func run() async throws {
        await leaseLoop.run(
            on: stepService.ledger, models: stepService.registry,
            leaseSeconds: stepService.settings.limits.leaseSeconds
        ) { [self] notification in
            await handle(notification)
        } check: { [self] in
            await checkAll()
        } claim: { [self] in
            await claimBatches()
        }
    }

    private func handle(_ notification: LedgerNotification) async {
        switch notification {
        case .batch(let id):
            if isRunning(id) { await checkStop(of: id) } else { leaseLoop.wake() }
        case .key(let id):
            for batch in running(ofKey: id) { await checkStop(of: batch) }
        case .job, .waitingJob, .budget: break
        }
    }

    private func checkAll() async {
        for id in state.withLock({ Array($0.running.keys) }) { await checkStop(of: id) }
        await returnBatches()
        let isDue = lastSweep.withLock { lastSweep in
            guard lastSweep.seconds > Self.secondsBetweenSweeps else { return false }
            lastSweep = .now
            return true
        }
        guard isDue else { return }
        _ = try? await stepService.ledger.write {
            try $0.deleteFiles(
                expiredAt: .now(), begunBefore: Timestamp.now().advanced(bySeconds: -Self.longestUploadSeconds))
        }
    }

    // MARK: Running

    private func isRunning(_ id: String) -> Bool { state.withLock { $0.running[id] != nil } }

    private func running(ofKey key: String) -> [String] {
        state.withLock { state in state.running.filter { $0.value.key == key }.map(\.key) }
    }

    /// Stops a batch of this node that was cancelled, lost its lease, or whose key became invalid.
    private func checkStop(of id: String) async {
        guard let running = state.withLock({ $0.running[id] }) else { return }
        guard let record = try? await stepService.ledger.read({ try $0.batch(id) }) else { return }
        if record.lease != running.lease {
            running.stop.request(.lost)
        } else if record.status == .cancelling {
            running.stop.request(.cancelled)
        } else if let key = running.key, let reason = await refusal(ofKey: key) {
            running.stop.request(.forbidden(reason))
        }
    }

    private func refusal(ofKey id: String) async -> String? {
        guard let keys = try? await stepService.ledger.read({ try $0.keys() }) else { return nil }
        return keys.first { $0.id == id }?.fault(at: .now())
    }

    private func claimBatches() async {
        // Batches that only wait for a provider or a budget do not count.
        let busy = state.withLock { state in
            state.running.values.count { !($0.snapshot.progress?.isIdle ?? false) }
        }
        let free = stepService.settings.limits.runningBatches - busy
        guard free > 0 else { return }
        do {
            for record in try await stepService.ledger.claimBatches(limit: free) { start(record) }
        } catch {
            stepService.logger.error("claiming batches failed", metadata: ["reason": "\(error)"])
        }
    }

    private func start(_ record: BatchRecord) {
        let running = Running(stop: BatchStopSignal(), lease: record.lease, key: record.attribution.key)
        let isFree = state.withLock { state in
            guard state.running[record.id] == nil else { return false }
            state.running[record.id] = running
            return true
        }
        let served = ServedBatch(stepService: stepService, stop: running.stop, snapshot: running.snapshot)
        let isSubmitted =
            isFree
            && stepService.pool.submit { [self] in
                if await isUnfinished(record, by: served) {
                    // Delays the return, since the cause is likely to persist.
                    if !Task.isShuttingDownGracefully { try? await Task.sleep(for: .seconds(1)) }
                    enqueueReturn(of: record)
                }
                state.withLock { _ = $0.running.removeValue(forKey: record.id) }
                await returnBatches()
                leaseLoop.wake()
            }
        if !isSubmitted { enqueueReturn(of: record) }
    }

    /// Runs a batch; true where it has to be returned for another claim.
    private func isUnfinished(_ record: BatchRecord, by served: ServedBatch) async -> Bool {
        do {
            return try await served.run(record) == .unfinished
        } catch LedgerError.leaseLost {
            stepService.logger.warning("batch lease lost to another node", metadata: ["batch": "\(record.id)"])
            return false
        } catch {
            stepService.logger.error("batch run failed", metadata: ["batch": "\(record.id)", "reason": "\(error)"])
            return true
        }
    }

    private func enqueueReturn(of record: BatchRecord) { state.withLock { $0.returning.append(record) } }

    /// Returns unfinished batches; failures are retried at the next check.
    private func returnBatches() async {
        let records = state.withLock { state in
            defer { state.returning = [] }
            return state.returning
        }
        for record in records {
            do {
                try await stepService.ledger.write { try $0.returnBatch(record) }
            } catch {
                enqueueReturn(of: record)
            }
        }
    }
}

// MARK: API

extension BatchScheduler {
    /// Stores a new batch; any node may claim it.
    package func submit(_ submission: BatchSubmission, from caller: Caller) async throws -> BatchRecord {
        try check(submission, caller)
        let file = try await stepService.ledger.file(submission.inputFileID, for: caller)
        guard file.purpose == "batch" else {
            throw FieldError(
                "input_file_id", "file '\(file.id)' has the purpose '\(file.purpose)': it must be \"batch\"")
        }
        let now = Timestamp.now()
        var terms = submission.terms
        let end = now.advanced(bySeconds: submission.windowSeconds)
        terms.deadline = end
        var state = BatchState(terms: terms, completionWindow: submission.completionWindow)
        state.outputSeconds = submission.outputSeconds
        let id = caller.ticket.map { "batch_\($0.token)" } ?? Identifier.make("batch")
        // A node may have died after the insert and before its response.
        if caller.ticket?.isTakenOver == true,
            let made = try await stepService.ledger.read({ try $0.batch(id) })
        {
            return made
        }
        let record = BatchRecord(
            id: id, status: .validating, endpoint: submission.endpoint, inputFileID: file.id,
            metadata: submission.metadata,
            state: state.json,
            attribution: Attribution(team: caller.team, key: caller.key, batch: id, labels: caller.labels),
            createdAt: now, updatedAt: now, expiresAt: end)
        try await stepService.ledger.write { try $0.saveBatch(record) }
        leaseLoop.wake()
        return record
    }

    /// Validates the names of models and policies before the batch is accepted.
    private func check(_ submission: BatchSubmission, _ caller: Caller) throws {
        if let name = submission.terms.policyName { _ = try stepService.target(of: "hera/\(name)", at: .now()) }
        if let model = submission.terms.model { _ = try stepService.target(of: model, at: .now()) }
        guard let policy = submission.terms.policy else { return }
        do {
            _ = try Policy(json: try JSONDocument(policy).root, path: "hera.policy")
        } catch let error as JSONError {
            throw FieldError("hera.policy", "\(error)")
        }
    }

    /// A batch of the caller's key; a caller without key sees all.
    package func batch(_ id: String, for caller: Caller) async throws -> BatchRecord {
        let found = try await stepService.ledger.read { try $0.batch(id) }
        guard let found, found.inputFileID != nil, caller.key == nil || found.attribution.key == caller.key else {
            throw ServiceError.notFound(kind: "batch", id: id)
        }
        return found
    }

    package func batches(_ page: PageQuery) async throws -> [BatchRecord] {
        try await stepService.ledger.read { try $0.batches(page) }
    }

    /// Cancels a batch on any node; existing answers are kept.
    package func cancel(_ id: String, for caller: Caller) async throws -> BatchRecord {
        let record = try await batch(id, for: caller)
        let asked = try await stepService.ledger.write { try $0.cancelBatch(id, at: .now()) }
        guard let asked, asked.status == .cancelling || asked.status == .cancelled else {
            throw ServiceError.conflict("batch \(id) is \((asked ?? record).status.rawValue) already")
        }
        await checkStop(of: id)
        leaseLoop.wake()
        return asked
    }

    /// The document of a batch for the API.
    package func document(_ record: BatchRecord) async throws -> BatchDocument {
        let counts = try await stepService.ledger.read { try $0.rowCounts(ofBatch: record.id) }
        let spent = try await stepService.ledger.read { try $0.spent(onBatch: record.id) }
        let groups = try await stepService.ledger.read { try $0.groups(ofBatch: record.id) }
        return BatchDocument(
            record: record, counts: counts, spent: spent,
            progress: state.withLock { $0.running[record.id]?.snapshot.progress }, groups: groups)
    }
}
