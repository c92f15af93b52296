/// Follows the braces of a JSON text that comes in pieces.
struct JSONBalance {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private(set) var isEmpty = true

    /// Whether every brace and bracket that was opened is closed.
    var isClosed: Bool { !isEmpty && depth <= 0 && !isInString }

    mutating func add(_ piece: String) {
        for byte in piece.utf8 {
            if byte > 0x20 { isEmpty = false }
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
    }
}
