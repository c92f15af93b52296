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
        /// Where the operation moves money alone: what it is, and what hands its answer to the caller.
        let money: MoneyWork?
    }

    private struct MoneyWork: Sendable {
        let operation: MoneyOperation
        let succeed: @Sendable (MoneyAnswer) -> Void
    }

    private struct State {
        var pending: [Pending] = []
        var isDraining = false
        var isClosed = false
    }

    /// Bounds how long the first of a group waits for the last.
    private static let mostOperationsPerTransaction = 256

    /// A transaction that another one got in the way of is tried so often again.
    private static let mostRetries = 8

    private let database: any SQLDatabase
    private let queue = DispatchQueue(label: "hera.ledger.writer")
    private let state = Mutex(State())
    /// Only used on the queue.
    private let names = Mutex(NameTable())

    init(database: any SQLDatabase) {
        self.database = database
    }

    /// Runs an operation in the next transaction and waits until it is on disk.
    ///
    /// - Parameters:
    ///   - money: the same operation as a value, so that it can be done together with others.
    ///   - read: takes the value out of the answer to `money`.
    func submit<Value: Sendable>(
        money: MoneyOperation? = nil, read: @escaping @Sendable (MoneyAnswer) -> Value? = { _ in nil },
        _ operation: @escaping @Sendable (inout LedgerSession) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, LedgerError>, _>) in
            let pending = Pending(
                perform: { (session: inout LedgerSession) throws(LedgerError) in
                    let value = try operation(&session)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) },
                money: money.map { operation in
                    MoneyWork(operation: operation) { answer in
                        let value = read(answer).map { Result<Value, LedgerError>.success($0) }
                        continuation.resume(returning: value ?? .failure(.database("an answer of another kind")))
                    }
                })
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
            var attempts = 0
            while !attempt(group, isLast: attempts >= Self.mostRetries) { attempts += 1 }
        }
    }

    /// One transaction. False where it was undone for a passing reason and is to be tried again; otherwise every
    /// operation of the group is answered when this returns.
    private func attempt(_ group: [Pending], isLast: Bool) -> Bool {
        var outcome = Outcome.undone(.database("the writer did not run"))
        do {
            try database.withWriter { connection in
                names.withLock { names in
                    // Taken out, not copied: two owners of a dictionary make it copy itself when it grows.
                    var session = LedgerSession(connection: connection, owner: database.owner, names: names)
                    names = NameTable()
                    outcome = perform(group, in: &session)
                    names = session.names
                }
            }
        } catch {
            // The connection could not be had, so that nothing of the group was begun.
            outcome = .undone(error)
        }
        switch outcome {
        case .done(let answers):
            for answer in answers { answer() }
        case .undone(let error):
            if error.isPassing, !isLast { return false }
            for operation in group { operation.fail(error) }
        }
        return true
    }

    private enum Outcome {
        /// Committed; what answers each operation, be it kept or refused.
        case done([@Sendable () -> Void])
        /// Nothing of the group was kept.
        case undone(LedgerError)
    }

    private func perform(_ group: [Pending], in session: inout LedgerSession) -> Outcome {
        let connection = session.connection
        var answers: [@Sendable () -> Void] = []
        do throws(LedgerError) {
            for statement in connection.dialect.begin { try connection.post(statement, []) }
            let together = try performMoney(group, in: &session)
            for (index, operation) in group.enumerated() {
                if let answer = together.indices.contains(index) ? together[index] : nil {
                    answers.append(answer)
                    continue
                }
                try connection.post("SAVEPOINT operation", [])
                do throws(LedgerError) {
                    let answer = try operation.perform(&session)
                    try connection.post("RELEASE SAVEPOINT operation", [])
                    session.keepOperation()
                    answers.append(answer)
                } catch {
                    session.dropOperation()
                    // After some failures the database has undone everything by itself: then all have failed.
                    guard connection.isInTransaction, !error.isPassing else { throw error }
                    try connection.post("ROLLBACK TO SAVEPOINT operation", [])
                    try connection.post("RELEASE SAVEPOINT operation", [])
                    answers.append { operation.fail(error) }
                }
            }
            try session.writeRollups()
            let notices = session.transactionNotices
            try database.announce(notices, on: connection)
            try connection.execute("COMMIT", [])
            session.endTransaction(committed: true)
            database.announced(notices)
            return .done(answers)
        } catch {
            connection.dropPosted()
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
            session.endTransaction(committed: false)
            return .undone(error)
        }
    }

    /// Does the money operations of a group together; nil for what is to be done by itself.
    private func performMoney(
        _ group: [Pending], in session: inout LedgerSession
    ) throws(LedgerError) -> [(@Sendable () -> Void)?] {
        let works = group.compactMap(\.money)
        if works.isEmpty { return [] }
        var results = try session.perform(works.map(\.operation)).makeIterator()
        session.keepOperation()
        return group.map { pending -> (@Sendable () -> Void)? in
            guard let money = pending.money, let result = results.next() ?? nil else { return nil }
            return {
                switch result {
                case .success(let answer): money.succeed(answer)
                case .failure(let error): pending.fail(error)
                }
            }
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
