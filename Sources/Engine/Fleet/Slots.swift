package import Core
import Synchronization

/// Calls at the same time per model: a server on the operator's hardware answers only so many, and the others wait here
/// instead of in its queue, in the order of their coming.
package final class Slots: Sendable {
    private struct Line {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let lines = Mutex<[ModelID: Line]>([:])
    private let fleet: Fleet

    /// - Parameter fleet: is told of every call that comes, waits and leaves.
    package init(fleet: Fleet) {
        self.fleet = fleet
    }

    /// Runs a call of the model in one of its slots.
    package func withSlot<Result: Sendable>(
        of model: Model, _ call: () async -> Result
    ) async -> Result {
        fleet.callArrived(model.id, at: .now())
        if let slots = model.slots { await take(model.id, slots: slots) }
        fleet.callStarted(model.id)
        let started = ContinuousClock.now
        let result = await call()
        fleet.callLeft(model.id, after: started.seconds, at: .now())
        if model.slots != nil { give(model.id) }
        return result
    }

    private func take(_ model: ModelID, slots: Int) async {
        await withCheckedContinuation { continuation in
            lines.withLock { lines in
                var line = lines[model] ?? Line(free: slots)
                if line.free > 0 {
                    line.free -= 1
                    continuation.resume()
                } else {
                    line.waiting.append(continuation)
                }
                lines[model] = line
            }
        }
    }

    private func give(_ model: ModelID) {
        lines.withLock { lines in
            guard var line = lines[model] else { return }
            if line.waiting.isEmpty { line.free += 1 } else { line.waiting.removeFirst().resume() }
            lines[model] = line
        }
    }
}
