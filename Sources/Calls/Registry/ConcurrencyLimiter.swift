package import Domain
package import Ledger
import Synchronization

/// Limits the concurrent calls of each model to its slots.
///
/// Further calls wait here instead of in the server's queue. Accounts take turns (round robin), and the calls of one
/// account run first in, first out. So a burst of one account does not delay the others.
package final class ConcurrencyLimiter: Sendable {
    private struct Queue {
        var free: Int
        /// By key, or by team for calls without a key.
        var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
        /// The waiting accounts, the next one first.
        var turns: [String] = []

        mutating func append(_ call: CheckedContinuation<Void, Never>, of account: String) {
            waiting[account, default: []].append(call)
            if waiting[account]?.count == 1 { turns.append(account) }
        }

        mutating func next() -> CheckedContinuation<Void, Never>? {
            guard !turns.isEmpty else { return nil }
            let account = turns.removeFirst()
            guard let call = waiting[account]?.removeFirst() else { return nil }
            if waiting[account]?.isEmpty == true { waiting[account] = nil } else { turns.append(account) }
            return call
        }
    }

    private let queues = Mutex<[ModelID: Queue]>([:])
    private let registry: ModelRegistry

    /// - Parameter registry: records the calls that arrive, start and leave.
    package init(registry: ModelRegistry) {
        self.registry = registry
    }

    /// Runs a call of the model in one of its slots.
    package func withSlot<Result: Sendable>(
        of model: Model, for account: Attribution, _ call: () async -> Result
    ) async -> Result {
        registry.callArrived(model.id, at: .now())
        if let slots = model.slots { await acquire(model.id, slots: slots, account.key ?? account.team ?? "") }
        registry.callStarted(model.id)
        let started = ContinuousClock.now
        let result = await call()
        registry.callLeft(model.id, after: started.seconds, at: .now())
        if model.slots != nil { release(model.id) }
        return result
    }

    private func acquire(_ model: ModelID, slots: Int, _ account: String) async {
        await withCheckedContinuation { continuation in
            queues.withLock { queues in
                var queue = queues[model] ?? Queue(free: slots)
                if queue.free > 0 {
                    queue.free -= 1
                    continuation.resume()
                } else {
                    queue.append(continuation, of: account)
                }
                queues[model] = queue
            }
        }
    }

    private func release(_ model: ModelID) {
        queues.withLock { queues in
            guard var queue = queues[model] else { return }
            if let call = queue.next() { call.resume() } else { queue.free += 1 }
            queues[model] = queue
        }
    }
}
