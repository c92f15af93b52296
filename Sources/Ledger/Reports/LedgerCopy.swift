import Dispatch
import Domain
import Synchronization

/// The progress of a copy.
package struct CopyProgress: Hashable, Sendable {
    package let table: String
    package let rows: Int64
    package let totalRows: Int64
}

/// The result of a copy.
package struct CopyReport: Hashable, Sendable {
    package let rows: Int64
    /// The recomputation of every total in the copy.
    package let verification: VerificationReport
}

extension LedgerStore {
    /// Copies everything into an empty ledger in one transaction; the copy is complete and verified, or nothing.
    ///
    /// The source is read in one snapshot. Its open reservations become uncertain entries at the copy's first
    /// `recover`, except those of rows at a provider, which stay open. Leases have no owner in the copy. Throws
    /// `invalid` if the target is not empty, a node still works with the source, or the source does not verify.
    package func copy(
        into target: LedgerStore, progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }
    ) async throws(LedgerError) -> CopyReport {
        let living = try await writeKnowingNodes { try $0.livingNodes(isAlive: $1) }
        guard living == 0 else {
            throw .invalid("a copy while \(living) other node(s) write to the source; stop them first")
        }
        let channel = CopyChannel()
        let (source, destination) = (database, target.database)
        async let reading: Void = Self.read(source, into: channel)
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<CopyReport, LedgerError>, Never>) in
            DispatchQueue(label: "hera.ledger.copy").async {
                var result: Result<CopyReport, LedgerError> = .failure(.database("the writer did not run"))
                do throws(LedgerError) {
                    let ticket = try destination.flushTicket()
                    try destination.withWriter { writer in
                        result = Result { () throws(LedgerError) in
                            try Self.write(from: channel, to: writer, progress: progress)
                        }
                    }
                    if case .success = result { try destination.flush(ticket) }
                } catch {
                    result = .failure(error)
                }
                channel.abandon()
                continuation.resume(returning: result)
            }
        }
        await reading
        return try result.get()
    }

    private static let piece = 1000

    private static func read(_ source: any SQLDatabase, into channel: CopyChannel) async {
        do throws(LedgerError) {
            try await source.read { (reader) throws(LedgerError) in
                var total: Int64 = 0
                for table in CopiedTable.allCases {
                    total += try reader.row("SELECT COUNT(*) FROM \(table.rawValue)")?.integer(0) ?? 0
                }
                try channel.send(.totalRows(total))
                for table in CopiedTable.allCases {
                    let columns = try reader.columns(of: table)
                    try reader.forEachPiece(of: table, columns: columns, size: piece) { (rows) throws(LedgerError) in
                        try channel.send(.rows(table, columns, rows))
                    }
                    try channel.send(.end(table))
                }
                try channel.send(.sums(try reader.entrySums()))
            }
        } catch {
            // Not read if the writer has stopped.
            try? channel.send(.failed(error))
        }
    }

    private static func write(
        from channel: CopyChannel, to writer: any SQLConnection, progress: (CopyProgress) -> Void
    ) throws(LedgerError) -> CopyReport {
        for statement in writer.dialect.begin { try writer.execute(statement, []) }
        do throws(LedgerError) {
            for table in CopiedTable.allCases where try writer.row("SELECT 1 FROM \(table.rawValue) LIMIT 1") != nil {
                throw .invalid("a copy into a ledger that is not empty (\(table.rawValue)); use a new database")
            }
            let (rows, sums) = try receiveRows(from: channel, to: writer, progress: progress)
            for work in [LeasedWork.job, .batch] { try writer.execute("UPDATE \(work.table) SET owner = NULL", []) }
            guard try writer.entrySums() == sums else {
                throw .database("the sums of the copy differ from those of the source; nothing was kept")
            }
            var transaction = LedgerTransaction(connection: writer)
            let verification = try transaction.verify()
            if let difference = verification.differences.first {
                throw .invalid("the copy of a ledger that does not verify (\(difference)); run `hera ledger verify`")
            }
            try writer.execute("COMMIT", [])
            return CopyReport(rows: rows, verification: verification)
        } catch {
            if writer.isInTransaction { _ = try? writer.execute("ROLLBACK", []) }
            throw error
        }
    }

    /// Writes the received rows; returns their number and the source's sums.
    private static func receiveRows(
        from channel: CopyChannel, to writer: any SQLConnection, progress: (CopyProgress) -> Void
    ) throws(LedgerError) -> (rows: Int64, sums: [SQLValue]) {
        var (done, total): (Int64, Int64) = (0, 0)
        while true {
            switch channel.next() {
            case .totalRows(let count): total = count
            case .rows(let table, let columns, let rows):
                try writer.insert(rows, into: table, columns: columns)
                done += Int64(rows.count)
                progress(CopyProgress(table: table.rawValue, rows: done, totalRows: total))
            case .end(let table): try writer.continueNumbers(of: table)
            case .sums(let sums): return (done, sums)
            case .failed(let error): throw error
            }
        }
    }
}

extension SQLConnection {
    /// The number of all entries and the sums of their columns.
    fileprivate func entrySums() throws(LedgerError) -> [SQLValue] {
        let sums = SumColumn.allCases.map { "CAST(COALESCE(SUM(\($0.expression)), 0) AS BIGINT)" }
        return try row("SELECT COUNT(*), \(sums.joined(separator: ", ")) FROM entry")?.values ?? []
    }
}

extension LedgerTransaction {
    /// The number of other living stores that send heartbeats.
    fileprivate func livingNodes(isAlive: (String) throws(LedgerError) -> Bool) throws(LedgerError) -> Int {
        var living = 0
        for node in try connection.rows("SELECT owner FROM node", []).map({ $0.text(0) }) where node != owner {
            if try isAlive(node) { living += 1 }
        }
        return living
    }
}

/// A message from the reader of a copy to its writer. Each runs on its database's own queue.
enum CopyMessage: Sendable {
    case totalRows(Int64)
    case rows(CopiedTable, [CopiedColumn], [[SQLValue]])
    case end(CopiedTable)
    /// The sums of all entries; the last message.
    case sums([SQLValue])
    case failed(LedgerError)
}

/// A bounded channel between two threads, so that a copy need not fit into memory.
final class CopyChannel: Sendable {
    private struct State {
        var messages: [CopyMessage] = []
        var isAbandoned = false
    }

    private let state = Mutex(State())
    /// Counts the free places. It begins at zero, since a semaphore must not be freed below its initial value.
    private let free = DispatchSemaphore(value: 0)
    private let filled = DispatchSemaphore(value: 0)

    private static let places = 4

    init() { for _ in 0..<Self.places { free.signal() } }

    /// Waits for room; throws if the writer has stopped.
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

    /// Stops the channel from the writer's side.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        // The reader may be waiting, and sends its error afterwards.
        for _ in 0..<2 { free.signal() }
    }
}
