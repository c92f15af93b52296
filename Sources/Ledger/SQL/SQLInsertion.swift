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
            + "VALUES (\(LedgerTransaction.placeholders(columns.count)))\(conflict)"
    }

    /// The same as `together` with one parameter, which has the rows as values of a type `rowType` of these columns: the
    /// server takes a third of the time for it, since it keeps an array of its own for each parameter of `unnest`.
    func rows(_ rows: [[SQLValue]], as type: SQLRowType) -> SQLQuery {
        SQLQuery(
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) "
                + "SELECT * FROM unnest(CAST(? AS \(type.name)[]))\(conflict)",
            [.rows(SQLRows(rows, of: type, types: types))])
    }

    /// Makes the row type for one session.
    var makeRowType: String {
        let fields = zip(columns, types).map { "\($0) \($1.rawValue)" }.joined(separator: ", ")
        return "CREATE TYPE pg_temp.\(rowTypeName) AS (\(fields))"
    }

    var rowTypeName: String { "hera_\(table)" }

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
