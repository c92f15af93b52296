package import Domain
package import Ledger

/// How far a batch is.
package struct BatchProgress: Hashable, Sendable {
    /// Rows of the input that are right.
    package var rows = 0
    package var completed = 0
    package var failed = 0
    package var running = 0
    /// Rows at providers, as batches of theirs.
    package var atProviders = 0
    /// These batches, the oldest first.
    package var providerBatches: [ProviderBatchView] = []
    /// Booked on the batch so far, calls that brought no answer included.
    package var spent = Money.zero
    package var budget: Money?
    /// Set while nothing can begin before a budget's next window.
    package var wait: BatchWait?
    /// Mean predicted accuracy of the rows answered since the start of this process and of those planned, 0...1.
    package var accuracy = 0.0
    /// Expected cost of the whole batch, what is spent included.
    package var expectedCost = Money.zero
    /// Seconds to the end at the present pace; nil before there is one.
    package var secondsLeft: Double?

    package init() {}

    /// Whether it only waits, for a provider or for money, and calls nobody.
    var isIdle: Bool { running == 0 && (wait != nil || atProviders > 0) }
}

/// What is told of a group of rows at a provider.
package struct ProviderBatchView: Hashable, Sendable {
    package let model: ModelID
    package let phase: ProviderGroup.Phase
    package let rows: Int
    /// Rows that the provider has answered so far, by its last word.
    package let completed: Int

    init(_ group: ProviderGroup) {
        model = group.model
        phase = group.phase
        rows = group.rows
        completed = group.completed
    }
}
