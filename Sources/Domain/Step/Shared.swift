/// A large value behind one reference.
///
/// Layers hand values on, and a copy of a value with twenty texts and lists counts twenty references.
package final class Shared<Value: Sendable>: Sendable {
    /// What all holders of the reference read.
    package let value: Value

    @inlinable
    package init(_ value: Value) {
        self.value = value
    }
}
