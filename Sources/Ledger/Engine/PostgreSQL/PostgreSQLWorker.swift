import Dispatch
import Synchronization

/// A connection on its own queue; it connects at the first use, and again after a loss.
final class PostgreSQLWorker: Sendable {
    private let url: String
    private let queue: DispatchQueue
    /// Runs on every new connection.
    private let greeting: String
    /// Frequent insertions, for which row types are created.
    private let insertions: [SQLInsertion]
    /// Used on the queue only.
    private let connection = Mutex<Slot>(Slot())
    /// The connection's identity; 0 where there is none.
    private let identity = Atomic<Int>(0)

    /// A class reference that a lock guards.
    private struct Slot: ~Copyable {
        var connection: PostgreSQLConnection?
    }

    /// Waits for a restarting server.
    private static let connectAttempts = 20
    private static let secondsBetween = 0.25

    init(url: String, name: String, greeting: String, insertions: [SQLInsertion] = []) {
        self.url = url
        self.greeting = greeting
        self.insertions = insertions
        queue = DispatchQueue(label: "hera.ledger.\(name)")
    }

    /// The connection's identity; connects where there is none. Does not wait for work on the queue.
    func connectionIdentity() throws(LedgerError) -> Int {
        let identity = self.identity.load(ordering: .acquiring)
        if identity != 0 { return identity }
        var found = 0
        try with { found = $0.identity }
        return found
    }

    /// Blocks the calling thread until the body has run.
    func with(_ body: (PostgreSQLConnection) -> Void) throws(LedgerError) {
        var result: Result<Void, LedgerError> = .success(())
        queue.sync {
            result = Result { () throws(LedgerError) in
                try connection.withLock { (slot) throws(LedgerError) in body(try connected(&slot)) }
            }
        }
        try result.get()
    }

    /// Runs a body on the queue and waits without blocking a thread.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, LedgerError>, Never>) in
            queue.async {
                continuation.resume(
                    returning: Result { () throws(LedgerError) in
                        try self.connection.withLock { (slot) throws(LedgerError) in
                            try body(try self.connected(&slot))
                        }
                    })
            }
        }
        return try result.get()
    }

    /// Closes the connection after a last statement, if one is given and the server is there.
    func close(saying statement: String? = nil) {
        queue.sync {
            connection.withLock { slot in
                if let statement, let connection = slot.connection, connection.isUsable {
                    try? connection.script(statement)
                }
                slot.connection = nil
            }
        }
    }

    private func connected(_ slot: inout Slot) throws(LedgerError) -> PostgreSQLConnection {
        if let connection = slot.connection, connection.isUsable { return connection }
        let wasConnected = slot.connection != nil
        slot.connection = nil
        identity.store(0, ordering: .releasing)
        var attempts = 0
        while true {
            do throws(LedgerError) {
                let connection = try PostgreSQLConnection(url: url)
                try connection.script(greeting)
                try connection.makeRowTypes(for: insertions)
                slot.connection = connection
                identity.store(connection.identity, ordering: .releasing)
                return connection
            } catch {
                attempts += 1
                // The first connection fails at once, since its address may be wrong.
                guard wasConnected, attempts < Self.connectAttempts else { throw error }
                sleep(Self.secondsBetween)
            }
        }
    }

    private func sleep(_ seconds: Double) {
        let waiting = DispatchSemaphore(value: 0)
        _ = waiting.wait(timeout: .now() + seconds)
    }
}
