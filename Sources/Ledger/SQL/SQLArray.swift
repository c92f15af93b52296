/// PostgreSQL's types of the ledger's columns.
enum SQLType: String {
    case bigint = "BIGINT"
    case text = "TEXT"
    case bytea = "BYTEA"
}

/// Values of many rows as one of PostgreSQL's arrays, so that one statement writes or looks up them all.
///
/// Kept as the server reads it (`array_recv`): big-endian 32 bits each for the number of dimensions, whether there are
/// nulls, the elements' type, their number and the first index; then each element's length (-1 for null) and bytes.
struct SQLArray: Hashable, Sendable {
    let type: SQLType
    private var elements: [UInt8] = []
    private var count: Int32 = 0

    init(_ values: some Sequence<SQLValue> = [], of type: SQLType) {
        self.type = type
        for value in values { append(value) }
    }

    /// Whatever is not of the array's type counts as null, which the table's constraints refuse.
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

    /// Adds the whole array to some bytes.
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
