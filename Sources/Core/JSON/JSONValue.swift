/// One value inside a ``JSONDocument``: its kind and its range of bytes.
///
/// It shares the bytes of its document. Reading an accessor of another kind than the value's gives nil.
package struct JSONValue: Sendable {
    let document: JSONDocument
    /// What sort of value it is.
    package let kind: JSONKind
    /// Where the value stands in the bytes of the document: quotes and brackets included, whitespace around it not.
    package let range: Range<Int>

    /// The text of the value as it stands in the document.
    package var raw: ArraySlice<UInt8> { document.bytes[range] }

    /// The text of a string with its escape sequences resolved.
    package var string: String? {
        guard kind == .string else { return nil }
        return document.bytes.withUnsafeBufferPointer { buffer in
            let content = UnsafeBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
            return JSONEscape.decode(content)
        }
    }

    /// Whether this is a string equal to `text`, by Unicode scalars, without decoding it.
    package func isString(_ text: String) -> Bool {
        guard kind == .string else { return false }
        var text = text
        return text.withUTF8 { expected in
            document.bytes.withUnsafeBufferPointer { buffer in
                let content = UnsafeBufferPointer(rebasing: buffer[range.lowerBound + 1..<range.upperBound - 1])
                return JSONEscape.isEqual(content, isEscaped: true, to: expected)
            }
        }
    }

    /// A number that is a whole number, however it is written (`12`, `12.0`, `1.2e1`); nil if it has a fraction or
    /// does not fit.
    package var integer: Int64? {
        guard kind == .number else { return nil }
        return document.bytes.withUnsafeBufferPointer { buffer in
            JSONNumber.integer(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    /// The nearest double of a number; nil if the number is too large for one.
    package var double: Double? {
        guard let numberText, let value = Double(numberText), value.isFinite else { return nil }
        return value
    }

    /// A number as it is written, for exact decimal arithmetic (prices, money).
    package var numberText: String? {
        guard kind == .number else { return nil }
        return String(decoding: raw, as: UTF8.self)
    }

    /// `true` or `false`.
    package var boolean: Bool? {
        guard kind == .boolean else { return nil }
        return document.bytes[range.lowerBound] == UInt8(ascii: "t")
    }

    /// Whether this is `null`.
    package var isNull: Bool { kind == .null }
}
