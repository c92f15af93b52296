import Domain

extension LedgerMigration {
    /// `until` and `lease_ms` are milliseconds of the database's lease clock.
    static let leases: [String] =
        ["CREATE TABLE node (owner TEXT PRIMARY KEY, until {integer} NOT NULL, lease_ms {integer} NOT NULL){keyed}"]
        + ["job", "batch"].flatMap { table in
            [
                "ALTER TABLE \(table) ADD COLUMN owner TEXT",
                "ALTER TABLE \(table) ADD COLUMN lease {integer} NOT NULL DEFAULT 0",
                "CREATE INDEX \(table)_owner ON \(table) (owner) WHERE owner IS NOT NULL",
            ]
        }
}

/// Work that one node at a time does: rows of a table with the columns `owner` (the store that holds it) and `lease`
/// (how often it was taken, which tells a holder from the one before it).
enum LeasedWork: String {
    case job, batch

    /// The table has the name of the kind.
    var table: String { rawValue }

    /// The statuses of work that goes on without anybody's asking, as a list of SQL.
    var openStatuses: String {
        let names =
            switch self {
            case .job: [JobStatus.queued, .running].map(\.rawValue)
            case .batch: BatchStatus.allCases.filter { !$0.isFinal }.map(\.rawValue)
            }
        return names.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// The condition of work that any node may take up. Batches without a file belong to the command that made them.
    var isForAnyone: String {
        let isOpen = "status IN (\(openStatuses))"
        return self == .batch ? isOpen + " AND input_file IS NOT NULL" : isOpen
    }

    /// The end of a record's upsert: only the newest holder may write, and work that pauses or ends is nobody's.
    var fencedUpdate: String {
        "owner = CASE WHEN excluded.status IN (\(openStatuses)) THEN \(table).owner ELSE NULL END "
            + "WHERE \(table).lease = excluded.lease"
    }
}

extension LedgerTransaction {
    /// Says that this store lives until a moment of the database's lease clock.
    func heartbeat(until: Int64, leaseMilliseconds: Int64) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO node (owner, until, lease_ms) VALUES (?, ?, ?) "
                + "ON CONFLICT (owner) DO UPDATE SET until = excluded.until, lease_ms = excluded.lease_ms",
            [.text(owner), .integer(until), .integer(leaseMilliseconds)])
    }

    /// Takes open work that no living store holds, the oldest first, and returns its ids.
    mutating func takeLeases(
        of work: LeasedWork, limit: Int, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> [String] {
        try returnLeases(of: work, isAlive: isAlive)
        // Rows that another node is just taking are passed over rather than waited for.
        let rows = try connection.rows(
            "SELECT id FROM \(work.table) WHERE \(work.isForAnyone) AND owner IS NULL "
                + "ORDER BY created_at, id LIMIT ?" + connection.dialect.skipLocked,
            [.integer(max(limit, 0))])
        let ids = rows.map { $0.text(0) }
        for id in ids { try lease(id, of: work) }
        return ids
    }

    /// Takes one piece of work, whatever its status; false where a living store holds it (or there is none).
    ///
    /// - Parameter seizing: also from a living store, whose next write of it fails then.
    mutating func takeLease(
        of work: LeasedWork, id: String, seizing: Bool, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> Bool {
        let row = try connection.row("SELECT owner FROM \(work.table) WHERE id = ?", [.text(id)])
        guard let row else { return false }
        if let holder = row.optionalText(0), !seizing, try isAlive(holder) { return false }
        try lease(id, of: work)
        return true
    }

    private mutating func lease(_ id: String, of work: LeasedWork) throws(LedgerError) {
        try connection.post(
            "UPDATE \(work.table) SET owner = ?, lease = lease + 1 WHERE id = ?", [.text(owner), .text(id)])
        notify(work == .job ? .job(id) : .batch(id))
    }

    /// Gives up a job that was claimed with this record; does nothing where it was taken over meanwhile.
    package mutating func returnJob(_ job: JobRecord) throws(LedgerError) {
        try returnLease(of: .job, id: job.id, lease: job.lease)
    }

    /// Gives up a batch that was claimed with this record; does nothing where it was taken over meanwhile.
    package mutating func returnBatch(_ batch: BatchRecord) throws(LedgerError) {
        try returnLease(of: .batch, id: batch.id, lease: batch.lease)
    }

    /// Work of a lease is nobody's, unless it was taken over since.
    mutating func returnLease(of work: LeasedWork, id: String, lease: Int64) throws(LedgerError) {
        let returned = try connection.execute(
            "UPDATE \(work.table) SET owner = NULL WHERE id = ? AND owner = ? AND lease = ?",
            [.text(id), .text(owner), .integer(lease)])
        if returned == 1 { notify(work == .job ? .waitingJob(id) : .batch(id)) }
    }

    /// Work of stores that are gone is nobody's.
    private func returnLeases(
        of work: LeasedWork, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) {
        let owners = try connection.rows("SELECT DISTINCT owner FROM \(work.table) WHERE owner IS NOT NULL", [])
        for holder in owners.map({ $0.text(0) }) where holder != owner {
            if try isAlive(holder) { continue }
            try connection.execute("UPDATE \(work.table) SET owner = NULL WHERE owner = ?", [.text(holder)])
        }
    }

    /// Forgets the heartbeats of stores that are gone. One that is only silent keeps its last one: without it, it would
    /// count as a short command that never sends any, and so as alive.
    func forgetNodes(isAlive: (String) throws(LedgerError) -> Bool) throws(LedgerError) {
        for node in try connection.rows("SELECT owner FROM node", []).map({ $0.text(0) }) where node != owner {
            if try isAlive(node) { continue }
            try connection.execute("DELETE FROM node WHERE owner = ?", [.text(node)])
        }
    }
}
