package import Domain

extension ModelID: ExpressibleByStringLiteral {
    /// A name written down as it is.
    public init(stringLiteral name: String) { self.init(name) }
}
