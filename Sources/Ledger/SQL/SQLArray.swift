/// Values of many rows as PostgreSQL's array literals, so that one statement writes or looks up them all.
struct SQLArray {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    init(_ values: some Sequence<SQLValue> = []) { for value in values { append(value) } }

    var argument: SQLValue { .text(String(decoding: bytes, as: UTF8.self) + "}") }

    mutating func append(_ value: SQLValue) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        switch value {
        case .null: bytes += "NULL".utf8
        case .integer(let number): bytes += String(number).utf8
        case .text(let part): quote(part)
        case .blob(let blob):
            // `\x` and hexadecimal digits, the backslash escaped once more for the array.
            bytes += "\"\\\\x".utf8
            for byte in blob {
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            }
            bytes.append(Self.quotationMark)
        }
    }

    private mutating func quote(_ part: String) {
        bytes.append(Self.quotationMark)
        for byte in part.utf8 {
            if byte == Self.quotationMark || byte == Self.backslash { bytes.append(Self.backslash) }
            bytes.append(byte)
        }
        bytes.append(Self.quotationMark)
    }

    private static let quotationMark = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let digits = Array("0123456789abcdef".utf8)
}
