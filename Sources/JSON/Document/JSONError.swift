/// Why a text is not JSON, and where.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The offset of the offending byte, from 0. The length of the text if it ends too early.
    package let offset: Int
    /// The line of that byte, from 1; lines end with a line feed.
    package let line: Int
    /// The column of that byte, from 1, counted in Unicode scalars.
    package let column: Int
    package let reason: Reason

    /// What is wrong with a text.
    package enum Reason: Sendable, Hashable {
        case empty
        case truncated
        case expectedValue
        case expectedKey
        case expectedColon
        case expectedCommaOrBrace
        case expectedCommaOrBracket
        case trailingContent
        case controlCharacter
        case invalidEscape
        case loneSurrogate
        case invalidUTF8
        case invalidNumber
        case tooDeep(maximum: Int)
    }

    /// Finds line and column of `offset` in `bytes`.
    init(_ reason: Reason, at offset: Int, in bytes: [UInt8]) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == ASCII.lineFeed {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.offset = offset
        self.line = line
        self.column = column
        self.reason = reason
    }

    package var description: String {
        "invalid JSON at line \(line), column \(column) (byte \(offset)): \(reason)"
    }
}

extension JSONError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the text is empty, write a JSON value"
        case .truncated: "the text ends in the middle of a value, was it cut off?"
        case .expectedValue: "expected a value (an object, array, string, number, true, false or null)"
        case .expectedKey: "expected a member name in double quotes"
        case .expectedColon: "expected ':' after the member name"
        case .expectedCommaOrBrace: "expected ',' or '}' after the member"
        case .expectedCommaOrBracket: "expected ',' or ']' after the element"
        case .trailingContent: "the value is complete, nothing but whitespace may follow it"
        case .controlCharacter: "a control character in a string has to be escaped, a line break as \\n"
        case .invalidEscape: "unknown escape sequence, write \\\\ for a backslash"
        case .loneSurrogate: "half of a surrogate pair, \\uD800-\\uDBFF and \\uDC00-\\uDFFF only come in pairs"
        case .invalidUTF8: "this is not UTF-8, encode the text as UTF-8"
        case .invalidNumber: "malformed number, write it like 0, -12, 3.5 or 1e-9"
        case .tooDeep(let maximum): "objects and arrays are nested more than \(maximum) deep"
        }
    }
}
