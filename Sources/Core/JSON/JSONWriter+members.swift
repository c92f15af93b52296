/// Members of the object that is open; each is a key and an element.
extension JSONWriter {
    /// A member that is a string, `null` where it is nil.
    package mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        element(value)
    }

    /// A member that is a whole number, `null` where it is nil.
    package mutating func member(_ key: String, _ value: Int?) {
        self.key(key)
        element(value)
    }

    /// A member that is a whole number, `null` where it is nil.
    package mutating func member(_ key: String, _ value: Int64?) {
        self.key(key)
        element(value)
    }

    /// A member that is a number, `null` where it is nil.
    package mutating func member(_ key: String, _ value: Double?) {
        self.key(key)
        element(value)
    }

    /// A member that is `true` or `false`, `null` where it is nil.
    package mutating func member(_ key: String, _ value: Bool?) {
        self.key(key)
        element(value)
    }

    /// A member whose value is JSON text already; it is not checked.
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
