package import Domain
package import Ledger
import Synchronization

/// Calls at the same time per model: a server on the operator's hardware answers only so many, and the others wait here
/// instead of in its queue. Keys take turns, and each one's calls go in the order of their coming: whoever sends a
/// thousand at once does not hold up the others.
package final class ConcurrencyLimiter: Sendable {
    private struct Line {
        var free: Int
        /// By the key, or the team of calls without one.
        var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
        /// Those that wait, the next in turn first.
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

    private let lines = Mutex<[ModelID: Line]>([:])
    private let registry: ModelRegistry

    /// - Parameter fleet: is told of every call that comes, waits and leaves.
    package init(registry: ModelRegistry) {
        self.registry = registry
    }

    /// Runs a call of the model in one of its slots.
    package func withSlot<Result: Sendable>(
        of model: Model, for account: Attribution, _ call: () async -> Result
    ) async -> Result {
        registry.callArrived(model.id, at: .now())
        if let slots = model.slots { await take(model.id, slots: slots, account.key ?? account.team ?? "") }
        registry.callStarted(model.id)
        let started = ContinuousClock.now
        let result = await call()
        registry.callLeft(model.id, after: started.seconds, at: .now())
        if model.slots != nil { give(model.id) }
        return result
    }

    private func take(_ model: ModelID, slots: Int, _ account: String) async {
        await withCheckedContinuation { continuation in
            lines.withLock { lines in
                var line = lines[model] ?? Line(free: slots)
                if line.free > 0 {
                    line.free -= 1
                    continuation.resume()
                } else {
                    line.append(continuation, of: account)
                }
                lines[model] = line
            }
        }
    }

    private func give(_ model: ModelID) {
        lines.withLock { lines in
            guard var line = lines[model] else { return }
            if let call = line.next() { call.resume() } else { line.free += 1 }
            lines[model] = line
        }
    }
}
