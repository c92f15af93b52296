/// Writes a JSON text incrementally, with commas, quotes and escapes inserted automatically.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object {
///     $0.member("model", "small")
///     $0.member("usage", object: { $0.member("prompt_tokens", 12) })
///     $0.member("choices", array: { $0.element("a") })
/// }
/// ```
/// Nil values are written as `null`. Doubles are written as the shortest text that reads back
/// as the same value, non-finite ones as `null`. Keys are not checked for duplicates.
package struct JSONWriter: Sendable {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: the expected length of the text in bytes.
    package init(capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
    }

    /// The JSON text of a string, quotes included.
    package static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter(capacity: text.utf8.count + 2)
        writer.quote(text)
        return writer.bytes
    }

    /// Writes an object as the whole text or as the next element; `body` writes its members.
    package mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        open(ASCII.openBrace)
        try body(&self)
        close(ASCII.closeBrace)
    }

    /// Writes an array as the whole text or as the next element; `body` writes its elements.
    package mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        open(ASCII.openBracket)
        try body(&self)
        close(ASCII.closeBracket)
    }

    /// Writes text that is JSON already as the next element, not validated.
    package mutating func element(raw text: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: text)
        needsComma = true
    }

    /// Writes a string as the next element; `null` if it is nil.
    package mutating func element(_ value: String?) {
        guard let value else { return elementNull() }
        separate()
        quote(value)
        needsComma = true
    }

    /// Writes a whole number as the next element; `null` if it is nil.
    package mutating func element(_ value: Int64?) {
        guard let value else { return elementNull() }
        separate()
        JSONNumber.append(value, to: &bytes)
        needsComma = true
    }

    /// Writes a whole number as the next element; `null` if it is nil.
    package mutating func element(_ value: Int?) {
        element(value.map(Int64.init))
    }

    /// Writes a number as the next element; `null` if it is nil.
    package mutating func element(_ value: Double?) {
        guard let value else { return elementNull() }
        separate()
        JSONNumber.append(value, to: &bytes)
        needsComma = true
    }

    /// Writes `true` or `false` as the next element; `null` if it is nil.
    package mutating func element(_ value: Bool?) {
        guard let value else { return elementNull() }
        element(raw: (value ? "true" : "false").utf8)
    }

    /// Writes `null` as the next element.
    package mutating func elementNull() {
        element(raw: "null".utf8)
    }

    /// Writes the name of a member. The value has to follow as an element.
    package mutating func key(_ key: String) {
        separate()
        quote(key)
        bytes.append(ASCII.colon)
        needsComma = false
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(ASCII.comma) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(ASCII.quote)
        JSONEscape.append(text, to: &bytes)
        bytes.append(ASCII.quote)
    }
}

/// Members of the object that is open; each is a key and an element.
extension JSONWriter {
    /// A member that is a string; `null` if it is nil.
    package mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        element(value)
    }

    /// A member that is a whole number; `null` if it is nil.
    package mutating func member(_ key: String, _ value: Int?) {
        self.key(key)
        element(value)
    }

    /// A member that is a whole number; `null` if it is nil.
    package mutating func member(_ key: String, _ value: Int64?) {
        self.key(key)
        element(value)
    }

    /// A member that is a number; `null` if it is nil.
    package mutating func member(_ key: String, _ value: Double?) {
        self.key(key)
        element(value)
    }

    /// A member that is `true` or `false`; `null` if it is nil.
    package mutating func member(_ key: String, _ value: Bool?) {
        self.key(key)
        element(value)
    }

    /// A member whose value is JSON text already, not validated.
    package mutating func member(_ key: String, raw text: some Sequence<UInt8>) {
        self.key(key)
        element(raw: text)
    }

    /// A member that is `null`.
    package mutating func memberNull(_ key: String) {
        self.key(key)
        elementNull()
    }

    /// A member that is an object; `body` writes its members.
    package mutating func member<Failure: Error>(
        _ key: String, object body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.key(key)
        try object(body)
    }

    /// A member that is an array; `body` writes its elements.
    package mutating func member<Failure: Error>(
        _ key: String, array body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.key(key)
        try array(body)
    }
}
