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
final class Roller: Sendable {
    private struct State {
        /// Entries since the roll-ups were looked at; at least so many.
        var booked: Int
        var isRunning = false
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
        while flusher.fault == nil {
            let (rolled, last) = try database.readBeside { (connection) throws(LedgerError) in
                try LedgerSession(connection: connection).rolledAndLast()
            }
            guard last - rolled >= max(least, 1) else { return Int(last - rolled) }
            var entries = UnrolledEntries(after: rolled, upTo: min(last, rolled + Self.mostTogether))
            // Entries never change, so that they need not be read in one transaction.
            for start in stride(from: rolled, to: entries.upTo, by: Int64.Stride(Self.entriesPerPiece)) {
                let began = DispatchTime.now().uptimeNanoseconds
                let end = min(start + Self.entriesPerPiece, entries.upTo)
                entries.add(
                    try database.readBeside { (connection) throws(LedgerError) in
                        try LedgerSession(connection: connection).hourSums(after: start, upTo: end)
                    })
                if rests { usleep(UInt32((DispatchTime.now().uptimeNanoseconds - began) / 1000)) }
            }
            try write(entries)
        }
        return 0
    }

    private func write(_ entries: UnrolledEntries) throws(LedgerError) {
        let rows = try database.readBeside { (connection) throws(LedgerError) in
            try LedgerSession(connection: connection).rollupRows(for: entries)
        }
        var result: Result<Void, LedgerError> = .success(())
        try database.withWriterBeside { connection in
            result = Result { () throws(LedgerError) in
                do throws(LedgerError) {
                    for statement in connection.dialect.beginBeside { try connection.post(statement, []) }
                    let isDone = try LedgerSession(connection: connection)
                        .rollUp(rows, after: entries.after, upTo: entries.upTo)
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

    /// Waits for what is under way.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}
