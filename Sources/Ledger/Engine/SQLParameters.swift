/// PostgreSQL's types of the ledger's columns.
enum SQLType: String {
    case bigint = "BIGINT"
    case text = "TEXT"
    case bytea = "BYTEA"
}

/// A PostgreSQL array of one column's values, so that one statement writes or looks up many rows.
///
/// In the binary format of `array_recv`: big-endian 32 bits each for the number of dimensions, the null flag, the
/// elements' type, their number and the first index; then each element's length (-1 for null) and bytes.
struct SQLArray: Hashable, Sendable {
    let type: SQLType
    private var elements: [UInt8] = []
    private var count: Int32 = 0

    init(_ values: some Sequence<SQLValue> = [], of type: SQLType) {
        self.type = type
        for value in values { append(value) }
    }

    /// A value of another type becomes null, which the table's constraints refuse.
    mutating func append(_ value: SQLValue) {
        count += 1
        Self.append(value, of: type, to: &elements)
    }

    /// A value's length (-1 for null) and bytes.
    static func append(_ value: SQLValue, of type: SQLType, to bytes: inout [UInt8]) {
        switch (type, value) {
        case (.bigint, .integer(let number)):
            append(8, to: &bytes)
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        case (.text, .text(let text)):
            append(Int32(text.utf8.count), to: &bytes)
            bytes.append(contentsOf: text.utf8)
        case (.bytea, .blob(let blob)):
            append(Int32(blob.count), to: &bytes)
            bytes.append(contentsOf: blob)
        default: append(-1, to: &bytes)
        }
    }

    /// Appends the whole array.
    func write(to bytes: inout [UInt8]) {
        for field in [1, 1, type.element, count, 1] { Self.append(field, to: &bytes) }
        bytes.append(contentsOf: elements)
    }

    static func append(_ number: Int32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension SQLType {
    // Object ids of pg_type.
    var element: Int32 {
        switch self {
        case .bytea: 17
        case .bigint: 20
        case .text: 25
        }
    }

    /// The type of an array of these.
    var array: UInt32 {
        switch self {
        case .bytea: 1001
        case .bigint: 1016
        case .text: 1009
        }
    }
}

/// A type of rows that a PostgreSQL session knows.
struct SQLRowType: Hashable, Sendable {
    let name: String
    /// Object ids of pg_type: of the type, and of arrays of it.
    let element: Int32
    let array: UInt32
}

/// A PostgreSQL array of a row type.
///
/// In the binary format of `array_recv` and `record_recv`: the array's head as in `SQLArray`; then for each row its
/// length, the number of columns, and each column's type, length (-1 for null) and bytes.
struct SQLRows: Hashable, Sendable {
    let type: SQLRowType
    private var elements: [UInt8] = []
    private var count: Int32 = 0

    init(_ rows: [[SQLValue]], of type: SQLRowType, types: [SQLType]) {
        self.type = type
        elements.reserveCapacity(rows.count * types.count * 16)
        for row in rows { append(row, types) }
    }

    /// A value of another type than its column's becomes null, which the table's constraints refuse.
    private mutating func append(_ row: [SQLValue], _ types: [SQLType]) {
        count += 1
        let start = elements.count
        SQLArray.append(0, to: &elements)
        SQLArray.append(Int32(row.count), to: &elements)
        for (value, type) in zip(row, types) {
            SQLArray.append(type.element, to: &elements)
            SQLArray.append(value, of: type, to: &elements)
        }
        let length = Int32(elements.count - start - 4)
        withUnsafeBytes(of: length.bigEndian) { elements.replaceSubrange(start..<start + 4, with: $0) }
    }

    /// Appends the whole array.
    func write(to bytes: inout [UInt8]) {
        for field in [1, 0, type.element, count, 1] { SQLArray.append(field, to: &bytes) }
        bytes.append(contentsOf: elements)
    }
}

/// A list of values as one parameter, so that the statement's text does not depend on the length: an array on
/// PostgreSQL, JSON on SQLite.
///
/// A list of one value is that value, which spares the databases a temporary table.
struct SQLList {
    private let values: [SQLValue]
    private let type: SQLType
    private let dialect: SQLDialect

    /// Most values that a statement of SQLite takes one by one (`SQLListStatement`).
    static let mostFew = 4

    init(texts: some Sequence<String>, in dialect: SQLDialect) {
        self.init(texts.map { .text($0) }, of: .text, in: dialect)
    }

    init(integers: some Sequence<Int64>, in dialect: SQLDialect) {
        self.init(integers.map { .integer($0) }, of: .bigint, in: dialect)
    }

    private init(_ values: [SQLValue], of type: SQLType, in dialect: SQLDialect) {
        self.values = values
        self.type = type
        self.dialect = dialect
    }

    private var isSingle: Bool { values.count == 1 }

    /// All values as one parameter, for `isAny` and `table`.
    var argument: SQLValue {
        if isSingle { return values[0] }
        return dialect == .sqlite ? Self.json(values) : .array(SQLArray(values, of: type))
    }

    /// The condition behind a column that is one of the list: `id \(list.isAny)`.
    func isAny(in dialect: SQLDialect) -> String {
        if isSingle { return Form.single.isAny(type) }
        return switch dialect {
        case .sqlite: Form.json.isAny(type)
        case .postgreSQL: Form.array.isAny(type)
        }
    }

    /// The form in which a statement of its own takes the list.
    fileprivate func form(in dialect: SQLDialect) -> Form {
        if isSingle { return .single }
        return switch dialect {
        case .sqlite: (2...Self.mostFew).contains(values.count) ? .few : .json
        case .postgreSQL: .array
        }
    }

    /// The parameters for a form. A few values are filled up with the first one.
    fileprivate func append(_ form: Form, to arguments: inout [SQLValue]) {
        guard form == .few else { return arguments.append(argument) }
        for value in values { arguments.append(value) }
        for _ in values.count..<Self.mostFew { arguments.append(values[0]) }
    }

    /// How a list is written in a statement.
    fileprivate enum Form: Int, CaseIterable {
        case single, few, json, array

        func isAny(_ type: SQLType) -> String {
            switch self {
            case .single: "= CAST(? AS \(type.rawValue))"
            // Reads no JSON: a list of few is asked for by each call.
            case .few: "IN (\(LedgerTransaction.placeholders(SQLList.mostFew)))"
            case .json: "IN (SELECT value FROM json_each(?))"
            case .array: "= ANY(CAST(? AS \(type.rawValue)[]))"
            }
        }
    }

    /// The list as a table of one column, named `value`.
    func table(in dialect: SQLDialect) -> String {
        if isSingle { return "(SELECT CAST(? AS \(type.rawValue)) AS value) AS list" }
        return switch dialect {
        case .sqlite: "json_each(?)"
        case .postgreSQL: "unnest(CAST(? AS \(type.rawValue)[])) AS list (value)"
        }
    }

    private static func json(_ values: [SQLValue]) -> SQLValue {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for value in values {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            switch value {
            case .text(let text): quote(text, into: &bytes)
            case .integer(let number): bytes += String(number).utf8
            case .null, .blob, .array, .rows: bytes += "null".utf8
            }
        }
        bytes.append(UInt8(ascii: "]"))
        return .text(String(decoding: bytes, as: UTF8.self))
    }

    private static func quote(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<32: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// A statement with lists of values. Its text is written once for each form of the lists.
struct SQLListStatement {
    private let texts: [String]

    /// - Parameter text: the statement with the condition of its list.
    init(_ type: SQLType, _ text: (_ isAny: String) -> String) {
        texts = SQLList.Form.allCases.map { text($0.isAny(type)) }
    }

    /// - Parameter text: the statement with the conditions of its two lists.
    init(_ first: SQLType, _ second: SQLType, _ text: (_ isFirst: String, _ isSecond: String) -> String) {
        texts = SQLList.Form.allCases.flatMap { one in
            SQLList.Form.allCases.map { other in text(one.isAny(first), other.isAny(second)) }
        }
    }

    /// The query for a list.
    func query(_ list: SQLList, in dialect: SQLDialect) -> SQLQuery {
        let form = list.form(in: dialect)
        var arguments: [SQLValue] = []
        list.append(form, to: &arguments)
        return SQLQuery(texts[form.rawValue], arguments)
    }

    /// The query for two lists.
    func query(_ first: SQLList, _ second: SQLList, in dialect: SQLDialect) -> SQLQuery {
        let (one, other) = (first.form(in: dialect), second.form(in: dialect))
        var arguments: [SQLValue] = []
        arguments.reserveCapacity(2 * SQLList.mostFew)
        first.append(one, to: &arguments)
        second.append(other, to: &arguments)
        return SQLQuery(texts[one.rawValue * SQLList.Form.allCases.count + other.rawValue], arguments)
    }
}

/// An insertion of rows into a table: one statement for all on PostgreSQL, one run for each on SQLite.
struct SQLInsertion {
    let table: String
    let columns: [String]
    /// PostgreSQL's types of the columns, in order.
    let types: [SQLType]
    /// What follows the values: nothing, or `ON CONFLICT ...`.
    let conflict: String
    /// Whether the rows have their own values for auto-incremented columns.
    let keepingNumbers: Bool
    /// The name of the session's type for its rows.
    let rowTypeName: String
    /// Inserts one row; its values are the parameters.
    let single: String

    init(
        table: String, columns: [String], types: [SQLType], conflict: String = "", keepingNumbers: Bool = false,
        rowTypeName: String? = nil
    ) {
        self.table = table
        self.columns = columns
        self.types = types
        self.conflict = conflict
        self.keepingNumbers = keepingNumbers
        self.rowTypeName = rowTypeName ?? "hera_\(table)"
        single =
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) "
            + "VALUES (\(LedgerTransaction.placeholders(columns.count)))\(conflict)"
    }

    /// Inserts all rows with one parameter, an array of the row type; a third of the server time of `together`, which
    /// makes an array for each column.
    func rows(_ rows: [[SQLValue]], as type: SQLRowType) -> SQLQuery {
        SQLQuery(
            "INSERT INTO \(table) (\(columns.joined(separator: ", "))) "
                + "SELECT * FROM unnest(CAST(? AS \(type.name)[]))\(conflict)",
            [.rows(SQLRows(rows, of: type, types: types))])
    }

    /// Creates the row type for one session.
    var makeRowType: String {
        let fields = zip(columns, types).map { "\($0) \($1.rawValue)" }.joined(separator: ", ")
        return "CREATE TYPE pg_temp.\(rowTypeName) AS (\(fields))"
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
