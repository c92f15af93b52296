/// Columns of many rows as PostgreSQL's array literals, so that one statement writes them all.
struct SQLArray {
    private(set) var text = "{"

    mutating func append(_ value: SQLValue) {
        if text.utf8.count > 1 { text += "," }
        switch value {
        case .null: text += "NULL"
        case .integer(let number): text += String(number)
        case .text(let part): quote(part)
        case .blob(let bytes):
            // `\x` and hexadecimal digits, the backslash escaped once more for the array.
            text += "\"\\\\x"
            for byte in bytes {
                text.unicodeScalars.append(Self.digits[Int(byte >> 4)])
                text.unicodeScalars.append(Self.digits[Int(byte & 15)])
            }
            text += "\""
        }
    }

    var argument: SQLValue { .text(text + "}") }

    init(_ values: some Sequence<SQLValue> = []) { for value in values { append(value) } }

    private mutating func quote(_ part: String) {
        text += "\""
        for scalar in part.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        text += "\""
    }

    private static let digits = Array("0123456789abcdef".unicodeScalars)
}

extension SQLArray {
    /// A list of texts.
    static func texts(_ values: some Sequence<String>) -> SQLValue { SQLArray(values.map { .text($0) }).argument }

    static func integers(_ values: some Sequence<Int64>) -> SQLValue {
        SQLArray(values.map { .integer($0) }).argument
    }

    /// Inserts many rows into a table with one statement; each row has one value for each column.
    ///
    /// - Parameters:
    ///   - types: PostgreSQL's types of the columns, in order.
    ///   - keepingNumbers: whether the rows bring values of columns that the database counts up by itself.
    static func insertion(
        into table: String, columns: String, types: [String], rows: [[SQLValue]], keepingNumbers: Bool = false
    ) -> SQLQuery {
        var arrays = types.map { _ in SQLArray() }
        for row in rows { for (index, value) in row.enumerated() { arrays[index].append(value) } }
        let parameters = types.map { "CAST(? AS \($0)[])" }.joined(separator: ", ")
        let numbers = keepingNumbers ? "OVERRIDING SYSTEM VALUE " : ""
        return SQLQuery(
            "INSERT INTO \(table) (\(columns)) \(numbers)SELECT * FROM unnest(\(parameters))", arrays.map(\.argument))
    }
}
