import Calls
import Catalog
import Dialects
import Domain
import JSON
import Ledger
import Logging
import Routing
import Steps
import Upstream

/// Runs one job from its saved state to its end, or to a pause for client tools.
///
/// The machine decides; the runner performs. Ready subtasks run concurrently. Entry, decision, step, job and events of
/// a step are one transaction, so a kill never leaves a partial step.
actor JobRunner {
    let stepService: StepService
    private let webhooks: Webhooks
    private let feed: JobFeed
    nonisolated let id: String
    private(set) var record: JobRecord
    private(set) var machine: JobMachine
    /// The rule's memory by thread.
    private(set) var memories: [String: Sessions.Memory] = [:]
    private(set) var spent = Money.zero
    private(set) var spentJoules = 0.0
    /// Another node holds the lease.
    private var isLost = false
    /// The ledger failed, so the job cannot continue on this node.
    private var hasFailed = false
    private var isWriting = false
    private var waitingToWrite: [CheckedContinuation<Void, Never>] = []

    init(
        stepService: StepService, webhooks: Webhooks, feed: JobFeed, record: JobRecord, spec: JobSpec, state: JobState
    ) {
        self.stepService = stepService
        self.webhooks = webhooks
        self.feed = feed
        id = record.id
        self.record = record
        machine = JobMachine(spec: spec, state: state)
    }

    /// Runs until the job ends, pauses or fails.
    func run() async {
        do {
            for entry in try await stepService.ledger.read({ [id] in try $0.entries(ofRun: id) }) {
                spent = (try? spent.adding(entry.result.figures.cost.total)) ?? spent
                spentJoules += entry.result.figures.energyJoules
            }
        } catch {
            stepService.logger.error("reading job entries failed", metadata: ["job": "\(id)", "reason": "\(error)"])
            hasFailed = true
            return
        }
        await restoreMemories()
        await perform(machine.handle(.claimed))
    }

    /// Restores the memories of threads begun by another node or before a restart.
    private func restoreMemories() async {
        for thread in machine.state.threads where thread.stepsTaken > 0 && memories[thread.id] == nil {
            do {
                let record = try await stepService.ledger.session(session(of: thread.id), unlike: nil)
                memories[thread.id] = record.flatMap { Sessions.Memory(json: $0.body) }
            } catch {
                stepService.logger.debug(
                    "thread memory not restored", metadata: ["job": "\(id)", "reason": "\(error)"])
            }
        }
    }

    private func session(of thread: String) -> String { "\(id)/\(thread)" }

    /// Saves the state and runs the actions.
    private func perform(_ actions: [JobAction], committing commit: StepCommit = StepCommit()) async {
        await save(actions, commit: commit)
        if !isLost, !hasFailed { await run(actions) }
    }

    /// Runs model and tool calls concurrently.
    func run(_ actions: [JobAction]) async {
        await withDiscardingTaskGroup { group in
            for action in actions {
                switch action {
                case .call(let thread): group.addTask { await self.step(thread) }
                case .fetch(let thread, let call): group.addTask { await self.fetch(call, thread: thread) }
                case .ranTool, .requireOutputs, .finish: continue
                }
            }
        }
    }

    /// Calls an `http` tool. Errors are results too, so that the model can react.
    private func fetch(_ call: ToolCall, thread: String) async {
        var output = "error: there is no tool '\(call.name)'"
        for case .http(call.name, _, _, let url) in machine.spec.agent.tools {
            output = await webhooks.result(
                of: WebhookCall(url: url, arguments: call.arguments, job: id, id: call.id))
        }
        await perform(machine.handle(.fetched(thread: thread, ToolOutput(callID: call.id, output: output))))
    }

    private func step(_ thread: String) async {
        let step: RoutedStep
        do {
            let request = try request(of: thread)
            step = try routed(thread, try await stepService.guarded(request, run: id, record.attribution))
        } catch {
            await perform(machine.handle(.stepFailed(thread: thread, reason: "\(error)")))
            return
        }
        await appendEvent("step.decided", JobReport.decided(step.prepared, thread: thread))
        do {
            await complete(try await stepService.perform(step, allowsSubtasks: true), thread: thread)
        } catch {
            await perform(machine.handle(.stepFailed(thread: thread, reason: "\(error)")))
        }
    }

    /// Commits an answered step together with the job's new state, then runs the next actions.
    private func complete(_ done: FinishedStep, thread: String) async {
        let (prepared, outcome) = (done.prepared, done.outcome)
        let answer = answer(from: outcome, step: prepared.step.id, thread: thread)
        spent = (try? spent.adding(done.spent)) ?? spent
        spentJoules += done.joules
        var memory = memories[thread] ?? Sessions.Memory()
        memory.recordStep(
            outcome.model, way: prepared.decision.candidate(outcome.model)?.way ?? AskedWay(),
            position: prepared.step.position, state: done.state)
        memories[thread] = memory
        let actions = machine.handle(.answered(thread: thread, answer))
        let now = Timestamp.now()
        let detail = JobReport.step(prepared, outcome: outcome, answer: answer, thread: thread)
        var commit = outcome.commit
        commit.decisions.append(DecisionRecord(decision: prepared.decision, attribution: prepared.attribution, at: now))
        commit.steps.append(
            StepRecord(
                id: prepared.step.id, runID: id, position: prepared.step.position, decisionID: prepared.decision.id,
                entryID: outcome.entryID, model: outcome.model, detail: detail, at: now))
        commit.events.append(NewJobEvent(jobID: id, type: "step.completed", data: detail, at: now))
        commit.sessions.append(memory.record(of: session(of: thread), at: now))
        stepService.learn(from: prepared, outcome)
        await perform(actions, committing: commit)
    }

    // MARK: Writing

    private func appendEvent(_ type: String, _ data: [UInt8]) async {
        do {
            _ = try await stepService.ledger.write { [id] in
                try $0.appendEvent(NewJobEvent(jobID: id, type: type, data: data, at: .now()))
            }
        } catch {
            stepService.logger.error("job event not stored", metadata: ["job": "\(id)", "reason": "\(error)"])
        }
        feed.publish(id)
    }

    /// Saves the state with a commit; retries while the ledger is unavailable.
    private func save(_ actions: [JobAction], commit: StepCommit = StepCommit()) async {
        var commit = commit
        // Captures the state now: later changes by other threads are saved with their own commits.
        let state = machine.state
        for action in actions {
            guard let event = JobReport.event(action, status: state.status, failure: state.error) else { continue }
            commit.events.append(NewJobEvent(jobID: id, type: event.type, data: event.data, at: .now()))
        }
        await acquireWriteTurn()
        defer { releaseWriteTurn() }
        var attempts = 0
        while !(await write(commit, of: state, isRepeat: attempts > 0)) {
            attempts += 1
            if attempts == Self.mostAttempts {
                hasFailed = true
                await commitPayments(of: commit)
            }
            guard attempts < Self.mostAttempts, (try? await Task.sleep(for: .seconds(1))) != nil else { break }
        }
        feed.publish(id)
    }

    private static let mostAttempts = 60

    /// Serializes writes: when two steps end together, the older state must not overwrite the newer one.
    private func acquireWriteTurn() async {
        guard isWriting else {
            isWriting = true
            return
        }
        await withCheckedContinuation { waitingToWrite.append($0) }
    }

    private func releaseWriteTurn() {
        if waitingToWrite.isEmpty { isWriting = false } else { waitingToWrite.removeFirst().resume() }
    }

    /// Returns false where a retry may succeed.
    private func write(_ commit: StepCommit, of state: JobState, isRepeat: Bool) async -> Bool {
        var commit = commit
        record.status = state.status
        record.state = state.json
        record.failure = state.error
        record.updatedAt = .now()
        if state.status == .completed { record.result = JobReport.result(state, spec: machine.spec) }
        commit.job = record
        do {
            _ = try await stepService.ledger.commitStep(commit)
            return true
        } catch {
            switch error {
            case .leaseLost:
                stepService.logger.notice("job lease lost to another node", metadata: ["job": "\(id)"])
                isLost = true
                await commitPayments(of: commit)
                return true
            // The previous attempt was committed; only its response was lost.
            case .duplicate where isRepeat: return true
            default:
                stepService.logger.critical(
                    "writing job to the ledger failed", metadata: ["job": "\(id)", "reason": "\(error)"])
                if error.isTemporary { return false }
                hasFailed = true
                return true
            }
        }
    }

    /// Commits the payments alone: another node owns the job, or its state cannot be written.
    private func commitPayments(of commit: StepCommit) async {
        await stepService.calls.book(commit.payments)
    }

    // MARK: Client

    /// Accepts and saves outputs of client functions; returns the actions to run.
    func accept(_ outputs: [ToolOutput]) async -> [JobAction] {
        await restoreMemories()
        let actions = machine.handle(.toolOutputs(outputs))
        await save(actions)
        return actions
    }

    func cancel() async {
        await save(machine.handle(.cancelled))
    }

    /// Continues under a new lease; false where the job has changed since it paused here.
    func adopt(_ claimed: JobRecord) -> Bool {
        guard !isLost, !hasFailed, claimed.state == record.state else { return false }
        record = claimed
        return true
    }

    /// Whether the job is final.
    var isOver: Bool { !isLost && machine.state.status.isFinal }

    /// State of the runner after its work.
    enum Standing: Sendable {
        /// Waits for the client's tool outputs.
        case paused
        case over
        /// Another node holds the lease.
        case lost
        /// The job has to be returned as it was claimed.
        case stuck(JobRecord)
    }

    var standing: Standing {
        if isLost { return .lost }
        if hasFailed { return .stuck(record) }
        switch machine.state.status {
        case .completed, .failed, .cancelled: return .over
        case .requiresAction: return .paused
        case .queued, .running: return .stuck(record)
        }
    }
}
