import Batches
import Calls
import Domain
import Ledger
import ServiceLifecycle
import Steps
import Synchronization

/// Cancels a batch without an owner: cancels its provider batches and books their results.
final class BatchCanceller: Service {
    private let services: AppServices
    private let id: String
    private let end = Mutex<Result<String, Exit>>(.failure(Exit(75, "stopped before anything was done")))

    init(services: AppServices, id: String) {
        self.services = services
        self.id = id
    }

    /// A summary of what was done.
    var result: Result<String, Exit> { end.withLock { $0 } }

    func run() async throws {
        do {
            let summary = try await work()
            end.withLock { $0 = .success(summary) }
        } catch {
            end.withLock { $0 = .failure(Exit(ofBatch: error)) }
        }
    }

    private func work() async throws -> String {
        let ledger = services.stepService.ledger
        guard let known = try await ledger.read({ [id] in try $0.batch(id) }) else {
            throw Exit(65, "no batch is '\(id)': `hera batches list --all` shows them")
        }
        if known.inputFileID != nil { return try await requestCancellation(known) }
        let before = try await state()
        if known.status.isFinal, before.groups == 0 {
            return "\(id) is \(known.status.rawValue) already; none of its rows is at a provider"
        }
        guard var batch = try await services.claimBatch(id) else {
            throw Exit(75, "another process works on this batch: stop that one first")
        }
        await services.prober.probe()
        let stop = BatchStopSignal()
        stop.request(.cancelled)
        var terms = BatchState(json: batch.state)?.terms ?? BatchOptions(budget: nil)
        // Keep the budget as it was set last.
        terms.budget = nil
        terms.energyJoules = nil
        let runner = BatchRunner(
            stepService: services.stepService, batch: batch, terms: terms, caller: Caller(), stop: stop)
        let ending = try await runner.run(try await runner.prepare())
        let after = try await state()
        batch.status = after.notDone == 0 ? .completed : .cancelled
        batch.updatedAt = .now()
        try await ledger.write { [batch] in try $0.saveBatch(batch) }
        guard ending == .cancelled else {
            throw Exit(75, "stopped: \(after.away) rows are still at their models' providers; the same command goes on")
        }
        return summary(before, after)
    }

    /// Requests cancellation from the service that runs a batch received over HTTP.
    private func requestCancellation(_ batch: BatchRecord) async throws -> String {
        let asked = try await services.stepService.ledger.write { [id] in try $0.cancelBatch(id, at: .now()) }
        guard asked?.status == .cancelling else {
            return "\(id) is \((asked ?? batch).status.rawValue) already"
        }
        return "\(id) is being cancelled by the `hera serve` that runs it, or by the next one on this ledger"
    }

    private struct State {
        var groups = 0
        var away = 0
        var answered: Int64 = 0
        var notDone: Int64 = 0
        var uncertain = 0
        var reserved = Money.zero
        var spent = Money.zero
    }

    private func state() async throws -> State {
        let ledger = services.stepService.ledger
        var state = State()
        for group in try await ledger.read({ [id] in try $0.groups(ofBatch: id) }) where group.phase != .closed {
            state.groups += 1
            state.away += group.open
            state.reserved = try state.reserved.adding(group.reserved)
        }
        let counts = try await ledger.read { [id] in try $0.rowCounts(ofBatch: id) }
        state.answered = counts[.completed] ?? 0
        state.notDone = counts.values.reduce(0, +) - state.answered
        state.uncertain = try await ledger.read { [id] in try $0.entries(ofRun: id) }.count { $0.kind == .uncertain }
        state.spent = try await ledger.read { [id] in try $0.spent(onBatch: id) }
        return state
    }

    private func summary(_ before: State, _ after: State) -> String {
        if before.away == 0 { return "\(id) is cancelled; none of its rows was at a provider" }
        let spent = (try? after.spent.subtracting(before.spent)) ?? .zero
        let uncertain = after.uncertain - before.uncertain
        return
            "\(id) is cancelled: \(after.answered - before.answered) of \(before.away) rows at providers were answered"
            + (uncertain > 0 ? ", \(uncertain) may have been and are booked as uncertain" : "")
            + "; of $\(before.reserved) set aside for them $\(spent) is booked, the rest is free"
    }
}
