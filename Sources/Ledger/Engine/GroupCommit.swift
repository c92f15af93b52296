import Dispatch
import Glibc
import Synchronization

/// The single writer: operations of all callers queue up, and as many as are waiting share one transaction.
///
/// Operations that only move money are performed together (`LedgerTransaction.perform`), the rest one by one in
/// savepoints, so that a refused one undoes nothing of the others. A caller is resumed when the commit is on disk
/// (`Flusher`). Under `Durability.normal` money operations are answered before, with a mark to wait for the disk by.
/// Everything runs on one serial queue off the cooperative threads.
final class GroupCommit: Sendable {
    private struct Pending: Sendable {
        /// Performs the operation and returns a closure that resumes the caller after the commit.
        let perform: @Sendable (inout LedgerTransaction) throws(LedgerError) -> GroupAnswer.Success
        let fail: @Sendable (LedgerError) -> Void
        /// The operation as a value, if it only moves money.
        let money: MoneyWork?
        let flush: FlushOrder

        func answered(_ succeed: @escaping GroupAnswer.Success) -> GroupAnswer {
            GroupAnswer(succeed: succeed, fail: fail, flush: flush)
        }
    }

    private struct MoneyWork: Sendable {
        let operation: MoneyOperation
        let succeed: @Sendable (MoneyResult, FlushMark?) -> Void
    }

    private struct State {
        var pending: [Pending] = []
        var isDraining = false
        var isClosed = false
    }

    /// Bounds how long the first of a group waits for the last.
    private static let mostOperationsPerTransaction = 256

    /// How long operations gather after a group of several, under `Durability.normal`. A transaction writes a page for
    /// each table and index, so few large ones cost less than many small ones. After a lone operation none waits.
    private static let gatheringMicroseconds: UInt32 = 1000

    /// Retries of a transaction after a conflict with another one.
    private static let mostRetries = 8

    private let database: any SQLDatabase
    private let queue = DispatchQueue(label: "hera.ledger.writer")
    private let state = Mutex(State())
    /// Used on the queue only.
    private let memory = Mutex(Memory())
    private let flusher: Flusher
    private let rollups: RollupWorker
    /// Whether money operations are answered after their commit, before their flush.
    private let answersEarly: Bool

    /// The writer's cache for one connection.
    private struct Memory {
        var names = StringInterner()
        var connection = 0
    }

    /// - Parameter entriesBetweenRollups: entries that are booked before they are added to the roll-ups.
    init(database: any SQLDatabase, entriesBetweenRollups: Int, durability: Durability) {
        self.database = database
        answersEarly = durability == .normal && database.keepsUnflushedCommits
        flusher = Flusher(database: database)
        rollups = RollupWorker(database: database, flusher: flusher, entriesBetween: entriesBetweenRollups)
    }

    /// Runs an operation in the next transaction and waits until it is on disk, or committed if it only moves money and
    /// `Durability.normal` holds.
    ///
    /// - Parameters:
    ///   - money: the same operation as a value, to be performed together with others.
    ///   - read: extracts the value from the result of `money`.
    /// - Returns: the value, and the mark of a flush that is still under way; nil if the commit is on disk.
    func submit<Value: Sendable>(
        money: MoneyOperation? = nil, read: @escaping @Sendable (MoneyResult) -> Value? = { _ in nil },
        _ operation: @escaping @Sendable (inout LedgerTransaction) throws -> Value
    ) async throws(LedgerError) -> (Value, FlushMark?) {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<(Value, FlushMark?), LedgerError>, _>) in
            let pending = Pending(
                perform: { (transaction: inout LedgerTransaction) throws(LedgerError) in
                    let value = try LedgerError.narrow { try operation(&transaction) }
                    return { continuation.resume(returning: .success((value, $0))) }
                },
                fail: { continuation.resume(returning: .failure($0)) },
                money: money.map { operation in
                    MoneyWork(operation: operation) { answer, mark in
                        let value = read(answer).map { Result<(Value, FlushMark?), LedgerError>.success(($0, mark)) }
                        continuation.resume(returning: value ?? .failure(.database("an answer of another kind")))
                    }
                },
                flush: answersEarly ? money?.flushOrder ?? .before : .before)
            enqueue(pending)
        }
        return try result.get()
    }

    /// Waits for the flush of an operation that was answered before it.
    func waitForDisk(_ mark: FlushMark) async throws(LedgerError) { try await flusher.wait(for: mark) }

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
            // Callers that wait for the disk come in groups by themselves.
            if answersEarly, group.count > 1 { usleep(Self.gatheringMicroseconds) }
        }
    }

    /// Writes a group: together first, then one by one if an operation makes the whole transaction fail.
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
        /// With each operation's result or refusal.
        case committed(Flusher.Group)
        /// The group was rolled back.
        case undone(LedgerError)
    }

    /// One transaction.
    private func attempt(_ group: [Pending], together: Bool) -> Outcome {
        var outcome = Outcome.undone(.database("the writer did not run"))
        do {
            let ticket = try database.flushTicket()
            try database.withWriter { connection in
                memory.withLock { memory in
                    // Names committed on a lost connection may be lost too.
                    let isSame = memory.connection == connection.identity
                    // Moved out rather than copied: a shared dictionary would copy itself when it grows.
                    var transaction = LedgerTransaction(
                        connection: connection, owner: database.owner, names: isSame ? memory.names : StringInterner())
                    memory = Memory()
                    outcome = perform(group, together: together, ticket: ticket, in: &transaction)
                    memory = Memory(names: transaction.names, connection: connection.identity)
                }
            }
        } catch {
            // There is no connection: nothing of the group has begun.
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
            for statement in connection.dialect.beginUnflushed { try connection.enqueue(statement, []) }
            let works = isTogether ? group.compactMap(\.money) : []
            // Money operations check the version with their other queries.
            if works.isEmpty { try transaction.checkVersion() }
            let together = works.isEmpty ? [] : try performMoney(works, of: group, in: &transaction)
            for (index, operation) in group.enumerated() {
                if let answer = together.indices.contains(index) ? together[index] : nil {
                    answers.append(operation.answered(answer))
                    continue
                }
                try connection.enqueue("SAVEPOINT operation", [])
                do throws(LedgerError) {
                    let answer = try operation.perform(&transaction)
                    try connection.enqueue("RELEASE SAVEPOINT operation", [])
                    transaction.keepOperation()
                    answers.append(operation.answered(answer))
                } catch {
                    transaction.dropOperation()
                    // After some failures the database has rolled back the whole transaction.
                    guard connection.isInTransaction, !error.isPassing else { throw error }
                    try connection.enqueue("ROLLBACK TO SAVEPOINT operation", [])
                    try connection.enqueue("RELEASE SAVEPOINT operation", [])
                    answers.append(operation.answered { _ in operation.fail(error) })
                }
            }
            try transaction.writeSessions()
            let notices = transaction.transactionNotices
            try database.announce(notices, on: connection)
            try connection.execute("COMMIT", [])
            transaction.endTransaction(committed: true)
            database.announced(notices)
            rollups.booked(transaction.madeEntries)
            return .committed(Flusher.Group(ticket: ticket, answers: answers))
        } catch {
            connection.dropEnqueued()
            if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
            transaction.endTransaction(committed: false)
            return .undone(error)
        }
    }

    /// Performs the money operations of a group together; nil for those that are performed alone.
    private func performMoney(
        _ works: [MoneyWork], of group: [Pending], in transaction: inout LedgerTransaction
    ) throws(LedgerError) -> [GroupAnswer.Success?] {
        var results = try transaction.perform(works.map(\.operation)).makeIterator()
        transaction.keepOperation()
        return group.map { pending -> GroupAnswer.Success? in
            guard let money = pending.money, let result = results.next() ?? nil else { return nil }
            return { mark in
                switch result {
                case .success(let answer): money.succeed(answer, mark)
                case .failure(let error): pending.fail(error)
                }
            }
        }
    }

    /// Refuses new operations and waits for those under way.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
        await flusher.close()
        await rollups.close()
    }

    /// Adds all entries that are committed to the roll-ups, and waits for it.
    func rollUp() async throws(LedgerError) { try await rollups.rollUpAll() }
}
