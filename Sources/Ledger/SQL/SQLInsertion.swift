/// Rows for a table: one statement for all of them on PostgreSQL, one statement run for each on SQLite.
struct SQLInsertion {
    let table: String
    let columns: [String]
    /// PostgreSQL's types of the columns, in order.
    let types: [SQLType]
    /// What follows the values: nothing, or `ON CONFLICT ...`.
    var conflict = ""
    /// Whether the rows bring values of columns that the database counts up by itself.
    var keepingNumbers = false

    /// Inserts one row; its values are the parameters.
    var single: String {
        "INSERT INTO \(table) (\(columns.joined(separator: ", "))) "
            + "VALUES (\(LedgerSession.placeholders(columns.count)))\(conflict)"
    }

    /// Inserts all rows, each of which has one value for each column, on PostgreSQL.
    func together(_ rows: [[SQLValue]]) -> SQLQuery {
        var arrays = types.map { SQLArray(of: $0) }
        for row in rows { for (index, value) in row.enumerated() { arrays[index].append(value) } }
        let parameters = types.map { "CAST(? AS \($0.rawValue)[])" }.joined(separator: ", ")
        let numbers = keepingNumbers ? "OVERRIDING SYSTEM VALUE " : ""
        return SQLQuery(
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) \(numbers)"
                + "SELECT * FROM unnest(\(parameters))\(conflict)", arrays.map { .array($0) })
    }
}
