package import Domain
package import Ledger

/// Progress of a running batch.
package struct BatchProgress: Hashable, Sendable {
    /// Well-formed rows of the input.
    package var rows = 0
    package var completed = 0
    package var failed = 0
    package var running = 0
    /// Rows in provider batches.
    package var atProviders = 0
    /// Provider batches, the oldest first.
    package var providerBatches: [ProviderBatchView] = []
    /// Booked so far, failed calls included.
    package var spent = Money.zero
    package var budget: Money?
    /// Set while the batch waits for a budget's next window.
    package var wait: BatchWait?
    /// Mean predicted accuracy of the rows answered by this process and of those planned, 0...1.
    package var accuracy = 0.0
    /// Expected cost of the whole batch, the money spent included.
    package var expectedCost = Money.zero
    /// Seconds to the end at the current rate; nil before the first answer.
    package var secondsLeft: Double?

    package init() {}

    /// Whether the batch only waits for a provider or for money.
    var isIdle: Bool { running == 0 && (wait != nil || atProviders > 0) }
}

/// Progress of a group of rows at a provider.
package struct ProviderBatchView: Hashable, Sendable {
    package let model: ModelID
    package let phase: ProviderGroup.Phase
    package let rows: Int
    /// Rows answered so far, as last reported by the provider.
    package let completed: Int

    init(_ group: ProviderGroup) {
        model = group.model
        phase = group.phase
        rows = group.rows
        completed = group.completed
    }
}
