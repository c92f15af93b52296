/// The name of a model in the catalog, for example `openai/gpt-4.1-mini` or `local/smollm2-135m`.
package struct ModelID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static func < (left: ModelID, right: ModelID) -> Bool { left.rawValue < right.rawValue }
}
