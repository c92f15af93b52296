/// One member of an object, as ranges of the text.
struct JSONMemberRange: Sendable {
    /// The bytes between the quotes of the key.
    let key: Range<Int>
    /// Whether the key has escape sequences to resolve.
    let keyIsEscaped: Bool
    let value: Range<Int>
    let kind: JSONKind

    /// Whether the key stands for `text` (UTF-8); `buffer` is the whole document.
    @inline(__always)
    func hasKey(_ text: UnsafeBufferPointer<UInt8>, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        JSONEscape.isEqual(UnsafeBufferPointer(rebasing: buffer[key]), isEscaped: keyIsEscaped, to: text)
    }

    /// Whether the key stands for a name.
    func isNamed(_ name: String, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        var name = name
        return name.withUTF8 { hasKey($0, in: buffer) }
    }
}
