package import Core
package import Routing
import Synchronization

/// What is remembered of the runs that chat calls belong to: the model of the last step, and the rule's state.
///
/// Bounded: the runs that were used longest ago are forgotten.
package final class Sessions: Sendable {
    package struct Memory: Hashable, Sendable {
        package private(set) var lastModel: ModelID?
        package var state = RunState()
        /// Steps so far, the requests that they belong to, and how many of them the last model did.
        package private(set) var steps = 0
        package private(set) var requests = 0
        package private(set) var stepsOnLast = 0
        /// How often one step was done by another model than the step before.
        package private(set) var switches = 0

        package init() {}

        /// Notes a step that a model has done.
        package mutating func note(_ model: ModelID, position: Int, state: RunState) {
            if let lastModel, lastModel != model {
                switches += 1
                stepsOnLast = 0
            }
            lastModel = model
            stepsOnLast += 1
            steps += 1
            if position <= 1 || requests == 0 { requests += 1 }
            self.state = state
        }
    }

    private struct Table {
        var memories: [String: (memory: Memory, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let table = Mutex(Table())
    private let capacity: Int

    package init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    package func memory(of run: String) -> Memory {
        table.withLock { $0.memories[run]?.memory } ?? Memory()
    }

    package func remember(_ memory: Memory, of run: String) {
        table.withLock { table in
            table.clock += 1
            table.memories[run] = (memory, table.clock)
            guard table.memories.count > capacity else { return }
            // Half are dropped at once, so that the sort is paid for by many calls.
            let oldest = table.memories.sorted { $0.value.used < $1.value.used }.prefix(capacity / 2)
            for (run, _) in oldest { table.memories.removeValue(forKey: run) }
        }
    }
}
