/// A list of values as one parameter, so that a statement is the same whatever the list's length: an array on PostgreSQL,
/// JSON on SQLite.
struct SQLList {
    let argument: SQLValue
    private let type: SQLType

    init(texts: some Sequence<String>, in dialect: SQLDialect) {
        self.init(texts.map { .text($0) }, of: .text, in: dialect)
    }

    init(integers: some Sequence<Int64>, in dialect: SQLDialect) {
        self.init(integers.map { .integer($0) }, of: .bigint, in: dialect)
    }

    private init(_ values: [SQLValue], of type: SQLType, in dialect: SQLDialect) {
        self.type = type
        argument = dialect == .sqlite ? Self.json(values) : .array(SQLArray(values, of: type))
    }

    /// What a column is compared with, to be one of the list: `id \(list.isAny)`.
    func isAny(in dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: "IN (SELECT value FROM json_each(?))"
        case .postgreSQL: "= ANY(CAST(? AS \(type.rawValue)[]))"
        }
    }

    /// The list as a table of one column, named `value`.
    func table(in dialect: SQLDialect) -> String {
        switch dialect {
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
