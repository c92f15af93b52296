package import Core

/// How far a batch is.
package struct BatchProgress: Hashable, Sendable {
    /// Rows of the input that are right.
    package var rows = 0
    package var completed = 0
    package var failed = 0
    package var running = 0
    /// Booked on the batch so far, calls that brought no answer included.
    package var spent = Money.zero
    package var budget: Money?
    /// Mean predicted accuracy of the rows answered since the start of this process and of those planned, 0...1.
    package var accuracy = 0.0
    /// Expected cost of the whole batch, what is spent included.
    package var expectedCost = Money.zero
    /// Seconds to the end at the present pace; nil before there is one.
    package var secondsLeft: Double?

    package init() {}
}
