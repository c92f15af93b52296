import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Brings the roll-ups up to date beside the writer, whenever many entries were booked.
///
/// Dashboards and totals take what is not rolled up yet from the entries, so that nothing depends on when this runs, nor
/// on whether it does: it is how many entries they have to read.
final class RollupWorker: Sendable {
    private struct State {
        /// Entries since the roll-ups were looked at; at least so many.
        var booked: Int
        var isRunning = false
        var isClosed = false
    }

    /// A dashboard reads so many entries in some milliseconds, and most combinations of an hour come many times among them.
    static let entriesBetween = 4096
    /// More than this waits only after long failures.
    private static let mostTogether: Int64 = 50_000
    /// What is read at once, before callers get the processor again.
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
        // What earlier stores have left is looked at with the first entry.
        state = Mutex(State(booked: entriesBetween))
    }

    /// Some entries were committed.
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
        // Where it fails, it is tried again after as many entries; `verify` names what is wrong with roll-ups.
        let left = (try? rollUp(least: Int64(entriesBetween), rests: true)) ?? 0
        state.withLock { state in
            state.booked += left
            state.isRunning = false
        }
    }

    /// Rolls up as long as at least so many entries wait; returns how many are left.
    ///
    /// - Parameter rests: as long as each piece took, so that callers wait no longer than for one.
    private func rollUp(least: Int64, rests: Bool) throws(LedgerError) -> Int {
        while !isStopped {
            let (rolled, last) = try database.readBeside { (connection) throws(LedgerError) in
                try LedgerTransaction(connection: connection).rolledAndLast()
            }
            guard last - rolled >= max(least, 1) else { return Int(last - rolled) }
            let upTo = min(last, rolled + Self.mostTogether)
            if let entries = try read(after: rolled, upTo: upTo, rests: rests) { try write(entries) }
        }
        return 0
    }

    /// Nil where another node was quicker, or the store is closed.
    private func read(after: Int64, upTo: Int64, rests: Bool) throws(LedgerError) -> UnrolledEntries? {
        var entries = UnrolledEntries(after: after, upTo: upTo)
        // Entries never change, so that they need not be read in one transaction.
        for start in stride(from: after, to: upTo, by: Int64.Stride(Self.entriesPerPiece)) {
            let began = DispatchTime.now().uptimeNanoseconds
            let sums = try database.readBeside { (connection) throws(LedgerError) -> [RollupSlot: EntrySums]? in
                let session = LedgerTransaction(connection: connection)
                guard try session.rolledAndLast().rolled == after else { return nil }
                return try session.hourSums(after: start, upTo: min(start + Self.entriesPerPiece, upTo))
            }
            guard let sums, !isStopped else { return nil }
            entries.add(sums)
            if rests { usleep(UInt32((DispatchTime.now().uptimeNanoseconds - began) / 1000)) }
        }
        return entries
    }

    /// Nothing is written any more.
    private var isStopped: Bool { flusher.fault != nil || state.withLock { $0.isClosed } }

    private func write(_ entries: UnrolledEntries) throws(LedgerError) {
        let rows = try database.readBeside { (connection) throws(LedgerError) in
            try LedgerTransaction(connection: connection).rollupRows(for: entries)
        }
        var result: Result<Void, LedgerError> = .success(())
        try database.withWriterBeside { connection in
            result = Result { () throws(LedgerError) in
                do throws(LedgerError) {
                    for statement in connection.dialect.beginBeside { try connection.post(statement, []) }
                    let session = LedgerTransaction(connection: connection)
                    let isDone = try session.rollUp(rows, after: entries.after, upTo: entries.upTo)
                    try session.checkVersion()
                    try connection.execute(isDone ? "COMMIT" : "ROLLBACK", [])
                } catch {
                    connection.dropPosted()
                    if connection.isInTransaction { _ = try? connection.execute("ROLLBACK", []) }
                    throw error
                }
            }
        }
        try result.get()
    }

    /// Rolls up everything that is committed.
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

    /// Gives up what is under way; the next store goes on with it.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}
