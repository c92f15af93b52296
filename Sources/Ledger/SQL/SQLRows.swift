/// A type of rows that a PostgreSQL session knows.
struct SQLRowType: Hashable, Sendable {
    let name: String
    /// Object ids of pg_type: of the type, and of arrays of it.
    let element: Int32
    let array: UInt32
}

/// Rows as one of PostgreSQL's arrays of a row type.
///
/// Kept as the server reads it (`array_recv`, `record_recv`): big-endian 32 bits each for the number of dimensions, whether
/// there are nulls, the elements' type, their number and the first index; then for each row its length, the number of
/// columns, and each column's type, length (-1 for null) and bytes.
struct SQLRows: Hashable, Sendable {
    let type: SQLRowType
    private var elements: [UInt8] = []
    private var count: Int32 = 0

    init(_ rows: [[SQLValue]], of type: SQLRowType, types: [SQLType]) {
        self.type = type
        elements.reserveCapacity(rows.count * types.count * 16)
        for row in rows { append(row, types) }
    }

    /// Whatever is not of its column's type counts as null, which the table's constraints refuse.
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

    /// Adds the whole array to some bytes.
    func write(to bytes: inout [UInt8]) {
        for field in [1, 0, type.element, count, 1] { SQLArray.append(field, to: &bytes) }
        bytes.append(contentsOf: elements)
    }
}
