import Core

extension ModelID: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self.init(name) }
}
