import Dispatch
import Synchronization

/// What the reader of a copy tells its writer. Each has a queue of its own, which its database insists on.
enum CopyMessage: Sendable {
    case totalRows(Int64)
    case rows(CopiedTable, [CopiedColumn], [[SQLValue]])
    case end(CopiedTable)
    /// The sums of all entries; the last message.
    case sums([SQLValue])
    case failed(LedgerError)
}

/// Hands messages from one thread to another, a few at a time, so that a copy does not have to fit into memory.
final class CopyChannel: Sendable {
    private struct State {
        var messages: [CopyMessage] = []
        var isAbandoned = false
    }

    private let state = Mutex(State())
    /// Counts the free places. It begins with none, since a semaphore must not end below its beginning.
    private let free = DispatchSemaphore(value: 0)
    private let filled = DispatchSemaphore(value: 0)

    private static let places = 4

    init() { for _ in 0..<Self.places { free.signal() } }

    /// Waits for room; throws where the writer has given up.
    func send(_ message: CopyMessage) throws(LedgerError) {
        free.wait()
        let isAbandoned = state.withLock { state in
            state.messages.append(message)
            return state.isAbandoned
        }
        filled.signal()
        if isAbandoned { throw .database("the writer of the copy has given up") }
    }

    func next() -> CopyMessage {
        filled.wait()
        defer { free.signal() }
        return state.withLock { $0.messages.removeFirst() }
    }

    /// The writer reads no more.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        // The reader may wait, and then says once more why it ends.
        for _ in 0..<2 { free.signal() }
    }
}
