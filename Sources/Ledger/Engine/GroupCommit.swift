import Dispatch
import Synchronization

/// The single writer: operations of all callers queue up, and as many as are waiting share one transaction.
///
/// What moves money alone is done together (`LedgerTransaction.perform`), the rest one by one, each in a savepoint of its own,
/// so that one that is refused undoes nothing of the others. A caller gets its result when the commit is on disk
/// (`Flusher`). All of it runs on one serial queue outside the cooperative threads.
final class GroupCommit: Sendable {
    private struct Pending: Sendable {
        /// Does the work and returns what hands the result to the caller after the commit.
        let perform: @Sendable (inout LedgerTransaction) throws(LedgerError) -> @Sendable () -> Void
        let fail: @Sendable (LedgerError) -> Void
        /// Where the operation moves money alone: what it is, and what hands its answer to the caller.
        let money: MoneyWork?
    }

    private struct MoneyWork: Sendable {
        let operation: MoneyOperation
        let succeed: @Sendable (MoneyResult) -> Void
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
    private let memory = Mutex(Memory())
    private let flusher: Flusher
    private let roller: RollupWorker

    /// What the writer remembers of the transactions of one connection.
    private struct Memory {
        var names = StringInterner()
        var connection = 0
    }

    /// - Parameter entriesBetweenRollups: how many entries are booked before they are added to the roll-ups.
    init(database: any SQLDatabase, entriesBetweenRollups: Int) {
        self.database = database
        flusher = Flusher(database: database)
        roller = RollupWorker(database: database, flusher: flusher, entriesBetween: entriesBetweenRollups)
    }

    /// Runs an operation in the next transaction and waits until it is on disk.
    ///
    /// - Parameters:
    ///   - money: the same operation as a value, so that it can be done together with others.
    ///   - read: takes the value out of the answer to `money`.
    func submit<Value: Sendable>(
        money: MoneyOperation? = nil, read: @escaping @Sendable (MoneyResult) -> Value? = { _ in nil },
        _ operation: @escaping @Sendable (inout LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, LedgerError>, _>) in
            let pending = Pending(
                perform: { (transaction: inout LedgerTransaction) throws(LedgerError) in
                    let value = try LedgerError.narrow { try operation(&transaction) }
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
        let (fault, starts) = state.withLock { state -> (LedgerError?, Bool) in
            if state.isClosed { return (.database("the ledger is closed"), false) }
            if let fault = flusher.fault { return (fault, false) }
            state.pending.append(operation)
            let starts = !state.isDraining
            state.isDraining = true
            return (nil, starts)
        }
        if let fault { return operation.fail(fault) }
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
            write(group)
        }
    }

    /// Writes a group: together at first, and where something of it lets the whole transaction fail, one by one.
    private func write(_ group: [Pending]) {
        var attempts = 0
        while true {
            switch attempt(group, together: attempts == 0) {
            case .committed(let committed): return flusher.add(committed)
            case .undone(let error):
                attempts += 1
                let isWorthwhile = error.isPassing ? attempts <= Self.mostRetries : attempts == 1 && error.isOfOne
                if isWorthwhile { continue }
                for operation in group { operation.fail(error) }
                return
            }
        }
    }

    private enum Outcome {
        /// With what each operation is told, be it kept or refused.
        case committed(Flusher.Group)
        /// Nothing of the group was kept.
        case undone(LedgerError)
    }

    /// One transaction.
    private func attempt(_ group: [Pending], together: Bool) -> Outcome {
        var outcome = Outcome.undone(.database("the writer did not run"))
        do {
            let ticket = try database.flushTicket()
            try database.withWriter { connection in
                memory.withLock { memory in
                    // What an earlier connection had committed may be lost with it.
                    let isSame = memory.connection == connection.identity
                    // Taken out, not copied: two owners of a dictionary make it copy itself when it grows.
                    var transaction = LedgerTransaction(
                        connection: connection, owner: database.owner, names: isSame ? memory.names : StringInterner())
                    memory = Memory()
                    outcome = perform(group, together: together, ticket: ticket, in: &transaction)
                    memory = Memory(names: transaction.names, connection: connection.identity)
                }
            }
        } catch {
            // The connection could not be had, so that nothing of the group was begun.
            outcome = .undone(error)
        }
        return outcome
    }

    private func perform(
        _ group: [Pending], together isTogether: Bool, ticket: Int, in transaction: inout LedgerTransaction
    ) -> Outcome {
        let connection = transaction.connection
        var answers: [GroupAnswer] = []
        answers.reserveCapacity(group.count)
        do throws(LedgerError) {
            for statement in connection.dialect.beginUnflushed { try connection.post(statement, []) }
            let works = isTogether ? group.compactMap(\.money) : []
            // Those that are done together ask with what else they look at.
            if works.isEmpty { try transaction.checkVersion() }
            let together = works.isEmpty ? [] : try performMoney(works, of: group, in: &transaction)
            for (index, operation) in group.enumerated() {
                if let answer = together.indices.contains(index) ? together[index] : nil {
                    answers.append(GroupAnswer(tell: answer, fail: operation.fail))
                    continue
                }
                try connection.post("SAVEPOINT operation", [])
                do throws(LedgerError) {
                    let answer = try operation.perform(&transaction)
                    try connection.post("RELEASE SAVEPOINT operation", [])
                    transaction.keepOperation()
                    answers.append(GroupAnswer(tell: answer, fail: operation.fail))
                } catch {
                    transaction.dropOperation()
                    // After some failures the database has undone everything by itself: then all have failed.
                    guard connection.isInTransaction, !error.isPassing else { throw error }
                    try connection.post("ROLLBACK TO SAVEPOINT operation", [])
                    try connection.post("RELEASE SAVEPOINT operation", [])
                    answers.append(GroupAnswer(tell: { operation.fail(error) }, fail: operation.fail))
                }
            }
            try transaction.writeSessions()
            let notices = transaction.transactionNotices
            try database.announce(notices, on: connection)
            try connection.execute("COMMIT", [])
            transaction.endTransaction(committed: true)
            database.announced(notices)
            roller.booked(transaction.madeEntries)
            return .committed(Flusher.Group(ticket: ticket, answers: answers))
        } catch {
            connection.dropPosted()
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
            transaction.endTransaction(committed: false)
            return .undone(error)
        }
    }

    /// Does the money operations of a group together; nil for what is to be done by itself.
    private func performMoney(
        _ works: [MoneyWork], of group: [Pending], in transaction: inout LedgerTransaction
    ) throws(LedgerError) -> [(@Sendable () -> Void)?] {
        var results = try transaction.perform(works.map(\.operation)).makeIterator()
        transaction.keepOperation()
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
        await flusher.close()
        await roller.close()
    }

    /// Adds all entries that are committed to the roll-ups, and waits for it.
    func rollUp() async throws(LedgerError) { try await roller.rollUpAll() }
}
