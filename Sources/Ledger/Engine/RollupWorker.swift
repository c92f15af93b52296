import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Updates the roll-ups concurrently with the writer, after every few thousand entries.
///
/// Dashboards and totals read the other entries themselves. So correctness does not depend on this worker, only the
/// number of entries that they read.
final class RollupWorker: Sendable {
    private struct State {
        /// A lower bound of the entries since the last run.
        var booked: Int
        var isRunning = false
        var isClosed = false
    }

    /// A dashboard reads so many entries in a few milliseconds, and most combinations of an hour occur often among
    /// them.
    static let entriesBetween = 4096
    /// Exceeded only after long failures.
    private static let mostTogether: Int64 = 50_000
    /// Read at once, before callers get the processor again.
    private static let entriesPerPiece: Int64 = 512

    private let database: any SQLDatabase
    private let flusher: Flusher
    private let entriesBetween: Int
    private let queue = DispatchQueue(label: "hera.ledger.roller")
    private let state: Mutex<State>

    init(database: any SQLDatabase, flusher: Flusher, entriesBetween: Int) {
        self.database = database
        self.flusher = flusher
        self.entriesBetween = entriesBetween
        // The first entry triggers a run for what earlier stores have left.
        state = Mutex(State(booked: entriesBetween))
    }

    /// Counts committed entries, and starts a run after enough of them.
    func booked(_ entries: Int) {
        if entries == 0 { return }
        let starts = state.withLock { state in
            state.booked += entries
            defer { state.isRunning = state.isRunning || state.booked >= entriesBetween }
            return !state.isRunning && state.booked >= entriesBetween
        }
        if starts { queue.async { self.run() } }
    }

    private func run() {
        state.withLock { $0.booked = 0 }
        // A failed run is retried after as many entries; `verify` reports broken roll-ups.
        let left = (try? rollUp(least: Int64(entriesBetween), rests: true)) ?? 0
        state.withLock { state in
            state.booked += left
            state.isRunning = false
        }
    }

    /// Rolls up while at least `least` entries wait; returns how many are left.
    ///
    /// - Parameter rests: whether to pause after each piece for its duration, so that callers wait for one at most.
    private func rollUp(least: Int64, rests: Bool) throws(LedgerError) -> Int {
        while !isStopped {
            let (rolled, last) = try database.readConcurrently { (connection) throws(LedgerError) in
                try LedgerTransaction(connection: connection).rolledAndLast()
            }
            guard last - rolled >= max(least, 1) else { return Int(last - rolled) }
            let upTo = min(last, rolled + Self.mostTogether)
            if let entries = try read(after: rolled, upTo: upTo, rests: rests) { try write(entries) }
        }
        return 0
    }

    /// Nil if another node was faster or the store is closed.
    private func read(after: Int64, upTo: Int64, rests: Bool) throws(LedgerError) -> UnrolledEntries? {
        var entries = UnrolledEntries(after: after, upTo: upTo)
        // Entries never change and need no common snapshot.
        for start in stride(from: after, to: upTo, by: Int64.Stride(Self.entriesPerPiece)) {
            let began = DispatchTime.now().uptimeNanoseconds
            let sums = try database.readConcurrently { (connection) throws(LedgerError) -> [RollupSlot: EntrySums]? in
                let transaction = LedgerTransaction(connection: connection)
                guard try transaction.rolledAndLast().rolled == after else { return nil }
                return try transaction.hourSums(after: start, upTo: min(start + Self.entriesPerPiece, upTo))
            }
            guard let sums, !isStopped else { return nil }
            entries.add(sums)
            if rests { usleep(UInt32((DispatchTime.now().uptimeNanoseconds - began) / 1000)) }
        }
        return entries
    }

    /// Whether writing has ended.
    private var isStopped: Bool { flusher.fault != nil || state.withLock { $0.isClosed } }

    private func write(_ entries: UnrolledEntries) throws(LedgerError) {
        let rows = try database.readConcurrently { (connection) throws(LedgerError) in
            try LedgerTransaction(connection: connection).rollupRows(for: entries)
        }
        var result: Result<Void, LedgerError> = .success(())
        try database.withConcurrentWriter { connection in
            result = Result { () throws(LedgerError) in
                do throws(LedgerError) {
                    for statement in connection.dialect.beginConcurrent { try connection.enqueue(statement, []) }
                    let transaction = LedgerTransaction(connection: connection)
                    let isDone = try transaction.rollUp(rows, after: entries.after, upTo: entries.upTo)
                    try transaction.checkVersion()
                    try connection.execute(isDone ? "COMMIT" : "ROLLBACK", [])
                } catch {
                    connection.dropEnqueued()
                    if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
                    throw error
                }
            }
        }
        try result.get()
    }

    /// Rolls up all committed entries.
    func rollUpAll() async throws(LedgerError) {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Int, LedgerError>, Never>) in
            queue.async {
                continuation.resume(
                    returning: Result { () throws(LedgerError) in try self.rollUp(least: 1, rests: false) })
            }
        }
        _ = try result.get()
    }

    /// Stops; the next store continues.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}
