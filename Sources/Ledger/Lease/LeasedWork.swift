import Domain

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
