import Dispatch
import Synchronization

/// The single writer: operations of all callers queue up, and as many as are waiting share one transaction.
///
/// Each has a savepoint of its own, so that one that is refused undoes nothing of the others. A caller gets its result
/// after the commit, when it is on disk. All of it runs on one serial queue outside the cooperative threads.
final class GroupCommit: Sendable {
    private struct Pending: Sendable {
        /// Does the work and returns what hands the result to the caller after the commit.
        let perform: @Sendable (inout LedgerSession) throws(LedgerError) -> @Sendable () -> Void
        let fail: @Sendable (LedgerError) -> Void
    }

    private struct State {
        var pending: [Pending] = []
        var isDraining = false
        var isClosed = false
    }

    /// Bounds how long the first of a group waits for the last.
    private static let mostOperationsPerTransaction = 256

    private let database: any SQLDatabase
    private let queue = DispatchQueue(label: "hera.ledger.writer")
    private let state = Mutex(State())
    /// Only used on the queue.
    private let names = Mutex(NameTable())

    init(database: any SQLDatabase) {
        self.database = database
    }

    /// Runs an operation in the next transaction and waits until it is on disk.
    func submit<Value: Sendable>(
        _ operation: @escaping @Sendable (inout LedgerSession) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, LedgerError>, _>) in
            let pending = Pending(
                perform: { (session: inout LedgerSession) throws(LedgerError) in
                    let value = try operation(&session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) })
            enqueue(pending)
        }
        return try result.get()
    }

    private func enqueue(_ operation: Pending) {
        let (isClosed, starts) = state.withLock { state -> (Bool, Bool) in
            if state.isClosed { return (true, false) }
            state.pending.append(operation)
            let starts = !state.isDraining
            state.isDraining = true
            return (false, starts)
        }
        if isClosed { return operation.fail(.database("the ledger is closed")) }
        if starts { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let group = state.withLock { state -> [Pending] in
                let group = Array(state.pending.prefix(Self.mostOperationsPerTransaction))
                state.pending.removeFirst(group.count)
                if group.isEmpty { state.isDraining = false }
                return group
            }
            if group.isEmpty { return }
            do {
                try database.withWriter { commit(group, on: $0) }
            } catch {
                // The connection could not be had, so that nothing of the group was begun.
                for operation in group { operation.fail(error) }
            }
        }
    }

    /// One transaction; every operation of the group is answered when this returns.
    private func commit(_ group: [Pending], on connection: any SQLConnection) {
        let answers = names.withLock { names -> [@Sendable () -> Void] in
            var session = LedgerSession(connection: connection, owner: database.owner, names: names)
            let answers = Self.perform(group, in: &session)
            names = session.names
            return answers
        }
        for answer in answers { answer() }
    }

    private static func perform(_ group: [Pending], in session: inout LedgerSession) -> [@Sendable () -> Void] {
        let connection = session.connection
        var refusals: [@Sendable () -> Void] = []
        var successes: [(operation: Pending, answer: @Sendable () -> Void)] = []
        do throws(LedgerError) {
            try connection.execute(connection.dialect.begin, [])
            for operation in group {
                try connection.execute("SAVEPOINT operation", [])
                do throws(LedgerError) {
                    let answer = try operation.perform(&session)
                    try connection.execute("RELEASE SAVEPOINT operation", [])
                    session.keepOperation()
                    successes.append((operation, answer))
                } catch {
                    session.dropOperation()
                    refusals.append { operation.fail(error) }
                    // After some failures the database has undone everything by itself: then all have failed.
                    guard connection.isInTransaction else { throw error }
                    try connection.execute("ROLLBACK TO SAVEPOINT operation", [])
                    try connection.execute("RELEASE SAVEPOINT operation", [])
                }
            }
            try session.writeRollups()
            try connection.execute("COMMIT", [])
            session.endTransaction(committed: true)
            return refusals + successes.map(\.answer)
        } catch {
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
            session.endTransaction(committed: false)
            let answered = refusals.count + successes.count
            let failed = successes.map(\.operation) + group.dropFirst(answered)
            return refusals + failed.map { operation in { operation.fail(error) } }
        }
    }

    /// Refuses further operations and waits for those under way.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}
