/// A large value behind one reference.
///
/// Layers hand values on, and a copy of a value with twenty texts and lists counts twenty references.
package final class Shared<Value: Sendable>: Sendable {
    /// The value, which never changes.
    package let value: Value

    /// Puts a value behind a new reference.
    @inlinable
    package init(_ value: Value) {
        self.value = value
    }

    /// A changed copy behind a new reference.
    @inlinable
    package func changing(_ change: (inout Value) -> Void) -> Shared {
        var copy = value
        change(&copy)
        return Shared(copy)
    }
}
