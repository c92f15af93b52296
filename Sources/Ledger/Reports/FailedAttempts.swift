package import Domain

/// An attempt of a call that failed, for counting.
package struct FailedAttempt: Hashable, Sendable {
    /// When it ended.
    package var at: Timestamp
    /// Its model and its account.
    package var call: PlannedCall
    /// A short name of the failure's kind: `timeout`, `rate_limited`, `http_500`, ...
    package var reason: String
    /// Whether an entry counts the attempt as a failure, too.
    package var isBooked: Bool

    package init(at: Timestamp, call: PlannedCall, reason: String, isBooked: Bool) {
        self.at = at
        self.call = call
        self.reason = reason
        self.isBooked = isBooked
    }

    /// Its dimensions in the order of the table's columns; nil for "none".
    var labels: [String?] {
        [
            call.model.rawValue, call.provider, call.placement.rawValue, call.stage?.rawValue, call.policy,
            call.attribution.key, call.attribution.team, reason,
        ]
    }
}

/// The failed attempts of a model for one reason.
package struct FailureCount: Hashable, Sendable {
    /// The catalog's model.
    package let model: String
    /// As in ``FailedAttempt/reason``.
    package let reason: String
    /// Attempts.
    package let count: Int64
}

extension LedgerMigration {
    /// Failed attempts by hour, since those that were not billed have no entry. 0 stands for "none" in a dimension.
    static let failures = [
        """
        CREATE TABLE call_failure (hour {integer} NOT NULL, model {integer} NOT NULL, provider {integer} NOT NULL,
        placement {integer} NOT NULL, stage {integer} NOT NULL, policy {integer} NOT NULL, api_key {integer} NOT NULL,
        team {integer} NOT NULL, reason {integer} NOT NULL, booked {integer} NOT NULL, attempts {integer} NOT NULL,
        PRIMARY KEY (hour, model, provider, placement, stage, policy, api_key, team, reason, booked)){keyed}
        """
    ]
}

extension LedgerTransaction {
    private static let failureKey = "hour, model, provider, placement, stage, policy, api_key, team, reason, booked"

    /// Counts one attempt.
    static let failureCount =
        "INSERT INTO call_failure (\(failureKey), attempts) VALUES (\(placeholders(10)), 1) "
        + "ON CONFLICT (\(failureKey)) DO UPDATE SET attempts = call_failure.attempts + 1"

    /// The values of `failureCount`.
    mutating func failureRow(_ failure: FailedAttempt) throws(LedgerError) -> [SQLValue] {
        var values: [SQLValue] = [.integer(failure.at.milliseconds / RollupSlot.hourMilliseconds)]
        for label in failure.labels { values.append(label == nil ? .integer(0) : try nameID(label)) }
        values.append(.integer(failure.isBooked ? 1 : 0))
        return values
    }

    /// Counts a failed attempt.
    mutating func record(_ failure: FailedAttempt) throws(LedgerError) {
        try connection.execute(Self.failureCount, try failureRow(failure))
    }

    /// The failed attempts of a dashboard's time, to whole hours: those without an entry by the query's groups, and all
    /// by model and reason, the most frequent first.
    mutating func failures(
        _ query: DashboardQuery
    ) throws(LedgerError) -> (unbooked: [[String]: Int64], counts: [FailureCount]) {
        let hour = RollupSlot.hourMilliseconds
        var condition = "hour >= ? AND hour <= ?"
        var arguments: [SQLValue] = [
            .integer(query.from.milliseconds / hour), .integer((query.to.milliseconds &- 1) / hour),
        ]
        for (dimension, value) in query.filters {
            let id = value.isEmpty ? 0 : try names.existingID(value, on: connection)
            guard let id else { return ([:], []) }
            condition += " AND \(dimension.failureExpression) = ?"
            arguments.append(.integer(id))
        }
        let keys = query.groupBy.map(\.failureExpression)
        let columns = keys + ["model", "reason", "booked", "CAST(SUM(attempts) AS BIGINT)"]
        let groups = (1...(keys.count + 3)).map(String.init).joined(separator: ", ")
        let rows = try connection.rows(
            "SELECT \(columns.joined(separator: ", ")) FROM call_failure WHERE \(condition) GROUP BY \(groups)",
            arguments)
        var unbooked: [[String]: Int64] = [:]
        var counts: [[String]: Int64] = [:]
        for row in rows {
            let count = row.integer(keys.count + 3)
            let names = [try label(row[keys.count]) ?? "", try label(row[keys.count + 1]) ?? ""]
            counts[names, default: 0] += count
            if row.integer(keys.count + 2) == 0 { unbooked[try labels(of: row, query.groupBy), default: 0] += count }
        }
        let sorted = counts.sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
        return (unbooked, sorted.map { FailureCount(model: $0.key[0], reason: $0.key[1], count: $0.value) })
    }
}

extension Dimension {
    /// The SQL of a dimension over `call_failure`, as a number like that over entries.
    fileprivate var failureExpression: String {
        switch self {
        case .model, .provider, .placement, .stage, .policy, .team: rawValue
        case .key: "api_key"
        case .hour: "hour"
        case .day, .month: "hour / 24"
        case .servedModel, .kind, .job, .session, .run, .batch, .user, .tag: "CAST(0 AS BIGINT)"
        }
    }
}
