/// The six kinds of JSON value.
package enum JSONKind: Sendable, Hashable {
    case object
    case array
    case string
    case number
    case boolean
    case null

    /// The kind of the value that starts with `byte`, in a text that is known to be valid.
    @inline(__always)
    init(firstByte byte: UInt8) {
        switch byte {
        case ASCII.openBrace: self = .object
        case ASCII.openBracket: self = .array
        case ASCII.quote: self = .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .boolean
        case UInt8(ascii: "n"): self = .null
        default: self = .number
        }
    }
}
