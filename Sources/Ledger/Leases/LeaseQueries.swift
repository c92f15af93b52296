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

/// Work that one node at a time holds: rows of a table with the columns `owner` (the holding store) and `lease` (the
/// number of claims, a fencing token).
enum LeasedWork: String {
    case job, batch

    /// The table is named after the kind.
    var table: String { rawValue }

    /// The statuses of unfinished work that nodes run, as a list in SQL.
    var openStatuses: String {
        let names =
            switch self {
            case .job: [JobStatus.queued, .running].map(\.rawValue)
            case .batch: BatchStatus.allCases.filter { !$0.isFinal }.map(\.rawValue)
            }
        return names.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// The condition of work that any node may claim. Batches without a file belong to their command.
    var isClaimable: String {
        let isOpen = "status IN (\(openStatuses))"
        return self == .batch ? isOpen + " AND input_file IS NOT NULL" : isOpen
    }

    /// The end of a record's upsert: only the newest holder may write, and work that pauses or ends loses its owner.
    var fencedUpdate: String {
        "owner = CASE WHEN excluded.status IN (\(openStatuses)) THEN \(table).owner ELSE NULL END "
            + "WHERE \(table).lease = excluded.lease"
    }
}

extension LedgerTransaction {
    /// Extends this store's life to a moment of the database's lease clock.
    func heartbeat(until: Int64, leaseMilliseconds: Int64) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO node (owner, until, lease_ms) VALUES (?, ?, ?) "
                + "ON CONFLICT (owner) DO UPDATE SET until = excluded.until, lease_ms = excluded.lease_ms",
            [.text(owner), .integer(until), .integer(leaseMilliseconds)])
    }

    /// Claims open work that no living store holds, the oldest first, and returns its ids.
    mutating func claimLeases(
        of work: LeasedWork, limit: Int, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> [String] {
        try returnLeases(of: work, isAlive: isAlive)
        // Skips rows that another node is claiming instead of waiting for them.
        let rows = try connection.rows(
            "SELECT id FROM \(work.table) WHERE \(work.isClaimable) AND owner IS NULL "
                + "ORDER BY created_at, id LIMIT ?" + connection.dialect.skipLocked,
            [.integer(max(limit, 0))])
        let ids = rows.map { $0.text(0) }
        for id in ids { try lease(id, of: work) }
        return ids
    }

    /// Claims one piece of work in any status; false where a living store holds it or there is none.
    ///
    /// - Parameter seizing: claims it from a living store too, whose next write then fails.
    mutating func claimLease(
        of work: LeasedWork, id: String, seizing: Bool, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) -> Bool {
        let row = try connection.row("SELECT owner FROM \(work.table) WHERE id = ?", [.text(id)])
        guard let row else { return false }
        if let holder = row.optionalText(0), !seizing, try isAlive(holder) { return false }
        try lease(id, of: work)
        return true
    }

    private mutating func lease(_ id: String, of work: LeasedWork) throws(LedgerError) {
        try connection.enqueue(
            "UPDATE \(work.table) SET owner = ?, lease = lease + 1 WHERE id = ?", [.text(owner), .text(id)])
        notify(work == .job ? .job(id) : .batch(id))
    }

    /// Returns a job that was claimed with this record; does nothing if it was taken over.
    package mutating func returnJob(_ job: JobRecord) throws(LedgerError) {
        try returnLease(of: .job, id: job.id, lease: job.lease)
    }

    /// Returns a batch that was claimed with this record; does nothing if it was taken over.
    package mutating func returnBatch(_ batch: BatchRecord) throws(LedgerError) {
        try returnLease(of: .batch, id: batch.id, lease: batch.lease)
    }

    /// Clears the owner of work under a lease, unless it was taken over.
    mutating func returnLease(of work: LeasedWork, id: String, lease: Int64) throws(LedgerError) {
        let returned = try connection.execute(
            "UPDATE \(work.table) SET owner = NULL WHERE id = ? AND owner = ? AND lease = ?",
            [.text(id), .text(owner), .integer(lease)])
        if returned == 1 { notify(work == .job ? .waitingJob(id) : .batch(id)) }
    }

    /// Clears the owner of work of dead stores.
    private func returnLeases(
        of work: LeasedWork, isAlive: (String) throws(LedgerError) -> Bool
    ) throws(LedgerError) {
        let owners = try connection.rows("SELECT DISTINCT owner FROM \(work.table) WHERE owner IS NOT NULL", [])
        for holder in owners.map({ $0.text(0) }) where holder != owner {
            if try isAlive(holder) { continue }
            try connection.execute("UPDATE \(work.table) SET owner = NULL WHERE owner = ?", [.text(holder)])
        }
    }

    /// Deletes the heartbeats of stores that have ended. A running but silent store keeps its last one: without it, it
    /// would count as a short command that never sends any, and so as alive.
    func forgetNodes(isAlive: (String) throws(LedgerError) -> Bool) throws(LedgerError) {
        for node in try connection.rows("SELECT owner FROM node", []).map({ $0.text(0) }) where node != owner {
            if try isAlive(node) { continue }
            try connection.execute("DELETE FROM node WHERE owner = ?", [.text(node)])
        }
    }
}
