package import Domain
package import Ledger
import Routing
import Synchronization
import Upstream

/// Limits the concurrent calls of each model to its slots.
///
/// Further calls wait here instead of in the server's queue. Accounts take turns (round robin), and the calls of one
/// account run first in, first out. So a burst of one account does not delay the others.
///
/// A call whose client leaves, or whose turn comes too late, is dropped from the queue. Calls that would certainly come
/// too late are refused at once.
package final class ConcurrencyLimiter: Sendable {
    /// How long a call may wait for its slot, and whether it still has to.
    package struct Patience: Sendable {
        /// Nil waits for ever: no client waits for the answer.
        var wait: Duration?
        /// Calls that may wait for a model at the same time.
        var mostWaiting: Int
        var isAbandoned: @Sendable () -> Bool

        package init(
            wait: Duration? = nil, mostWaiting: Int = .max, isAbandoned: @escaping @Sendable () -> Bool = { false }
        ) {
            self.wait = wait
            self.mostWaiting = mostWaiting
            self.isAbandoned = isAbandoned
        }
    }

    /// A call in the queue. Its continuation is resumed with the error that ends the wait, or with nil for a slot.
    private struct Waiting {
        let id: UInt64
        let isAbandoned: @Sendable () -> Bool
        let continuation: CheckedContinuation<UpstreamError?, Never>
    }

    private struct Queue {
        var free: Int
        /// By key, or by team for calls without a key.
        var waiting: [String: [Waiting]] = [:]
        /// The waiting accounts, the next one first.
        var turns: [String] = []

        var count: Int { waiting.values.reduce(0) { $0 + $1.count } }

        mutating func append(_ call: Waiting, of account: String) {
            waiting[account, default: []].append(call)
            if waiting[account]?.count == 1 { turns.append(account) }
        }

        mutating func next() -> Waiting? {
            guard !turns.isEmpty else { return nil }
            let account = turns.removeFirst()
            guard let call = waiting[account]?.removeFirst() else { return nil }
            if waiting[account]?.isEmpty == true { waiting[account] = nil } else { turns.append(account) }
            return call
        }

        /// Takes the calls out that a condition holds for.
        mutating func remove(where isGone: (Waiting) -> Bool) -> [Waiting] {
            var removed: [Waiting] = []
            for (account, calls) in waiting {
                var left: [Waiting] = []
                for call in calls { if isGone(call) { removed.append(call) } else { left.append(call) } }
                guard left.count < calls.count else { continue }
                waiting[account] = left.isEmpty ? nil : left
                if left.isEmpty { turns.removeAll { $0 == account } }
            }
            return removed
        }
    }

    private struct State {
        var queues: [ModelID: Queue] = [:]
        var lastID: UInt64 = 0

        /// Takes a free slot, which there is only while no call waits; false without one.
        mutating func takeSlot(of model: ModelID, slots: Int) -> Bool {
            guard queues[model, default: Queue(free: slots)].free > 0 else { return false }
            queues[model, default: Queue(free: slots)].free -= 1
            return true
        }
    }

    private let state = Mutex(State())
    private let registry: ModelRegistry

    /// - Parameter registry: records the calls that arrive, start and leave.
    package init(registry: ModelRegistry) {
        self.registry = registry
    }

    /// Runs a call of the model in one of its slots, however long it has to wait.
    package func withSlot<Result: Sendable>(
        of model: Model, for account: Attribution, _ call: () async -> Result
    ) async -> Result {
        registry.callArrived(model.id, at: .now())
        if let slots = model.slots { _ = await acquire(model, slots: slots, account, Patience()) }
        return await run(call, of: model)
    }

    /// Runs a call of the model in one of its slots, or `refuse` with the reason why it gets none.
    func withSlot<Result: Sendable>(
        of model: Model, for account: Attribution, _ patience: Patience, orElse refuse: (UpstreamError) -> Result,
        _ call: () async -> Result
    ) async -> Result {
        registry.callArrived(model.id, at: .now())
        if let slots = model.slots, let error = await acquire(model, slots: slots, account, patience) {
            registry.callLeftQueue(model.id)
            return refuse(error)
        }
        return await run(call, of: model)
    }

    private func run<Result: Sendable>(_ call: () async -> Result, of model: Model) async -> Result {
        registry.callStarted(model.id)
        let started = ContinuousClock.now
        let result = await call()
        registry.callLeft(model.id, after: started.seconds, at: .now())
        if model.slots != nil { release(model.id) }
        return result
    }

    // MARK: Queue

    private func acquire(
        _ model: Model, slots: Int, _ account: Attribution, _ patience: Patience
    ) async -> UpstreamError? {
        let next = state.withLock { state -> UInt64? in
            if state.takeSlot(of: model.id, slots: slots) { return nil }
            state.lastID += 1
            return state.lastID
        }
        guard let id = next else { return nil }
        guard let wait = patience.wait else { return await enqueue(model, slots: slots, account, patience, id) }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await Task.sleep(for: wait)) != nil else { return }
                self.remove(
                    id, of: model.id,
                    with: .timeout(.queue, after: wait, host: model.id.rawValue, bytesReceived: 0))
            }
            let error = await enqueue(model, slots: slots, account, patience, id)
            group.cancelAll()
            return error
        }
    }

    private func enqueue(
        _ model: Model, slots: Int, _ account: Attribution, _ patience: Patience, _ id: UInt64
    ) async -> UpstreamError? {
        let serviceSeconds = registry.rate(of: model.id, at: .now()).serviceSeconds ?? 0
        let name = account.key ?? account.team ?? ""
        return await withCheckedContinuation { continuation in
            let gone = state.withLock { state -> [Waiting] in
                if state.takeSlot(of: model.id, slots: slots) {
                    continuation.resume(returning: nil)
                    return []
                }
                var queue = state.queues[model.id] ?? Queue(free: slots)
                defer { state.queues[model.id] = queue }
                var gone: [Waiting] = []
                func isOverfull() -> Bool {
                    guard let wait = patience.wait else { return false }
                    let expected = Double(queue.count + 1) / Double(slots) * serviceSeconds
                    return queue.count >= patience.mostWaiting || expected > wait / .seconds(1)
                }
                if isOverfull() { gone = queue.remove { $0.isAbandoned() } }
                if isOverfull() {
                    continuation.resume(returning: .overloaded(waiting: queue.count))
                } else {
                    queue.append(
                        Waiting(id: id, isAbandoned: patience.isAbandoned, continuation: continuation), of: name)
                }
                return gone
            }
            for call in gone { call.continuation.resume(returning: .cancelled) }
        }
    }

    private func remove(_ id: UInt64, of model: ModelID, with error: UpstreamError) {
        let gone = state.withLock { $0.queues[model]?.remove { $0.id == id } ?? [] }
        for call in gone { call.continuation.resume(returning: error) }
    }

    /// Gives the slot to the next call whose client still waits.
    private func release(_ model: ModelID) {
        var gone: [Waiting] = []
        state.withLock { state in
            guard var queue = state.queues[model] else { return }
            defer { state.queues[model] = queue }
            while let call = queue.next() {
                guard call.isAbandoned() else { return call.continuation.resume(returning: nil) }
                gone.append(call)
            }
            queue.free += 1
        }
        for call in gone { call.continuation.resume(returning: .cancelled) }
    }
}
