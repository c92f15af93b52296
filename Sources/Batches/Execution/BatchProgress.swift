package import Domain
package import Ledger
import Optimization
import Synchronization

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

extension BatchMachine {
    /// Expected nano-USD and predicted accuracy of the plan's remaining rows.
    var expected: (cost: Double, accuracy: Double, rows: Int) {
        guard let plan else { return (0, 0, 0) }
        var sum = (cost: 0.0, accuracy: 0.0, rows: 0)
        for (place, row) in plan.rows.enumerated() where open.contains(row) && !excluded.contains(row) {
            let model = plan.batch.choice[place]
            guard let option = table.rows[row].options[model] else { continue }
            sum.cost += option.cost * plan.batch.correction(model)
            sum.accuracy += option.accuracy
            sum.rows += 1
        }
        return sum
    }

    func progress(completedBefore: Int, failed: Int, rows: Int, seconds: Double) -> BatchProgress {
        let rest = expected
        var progress = BatchProgress()
        progress.rows = rows
        progress.completed = completedBefore + answered
        progress.failed = failed
        progress.running = queue.runningCount
        progress.atProviders = providerQueue.awayCount
        progress.spent = spent
        progress.budget = budget
        progress.accuracy = (accuracySum + rest.accuracy) / Double(max(1, predicted + rest.rows))
        progress.expectedCost = Money(nanoUSD: spent.nanoUSD + Int64(rest.cost.rounded()))
        if answered > 0 { progress.secondsLeft = seconds / Double(answered) * Double(rest.rows) }
        return progress
    }
}

/// Latest progress of a running batch, readable from any thread.
final class BatchSnapshot: Sendable {
    private let newest = Mutex<BatchProgress?>(nil)

    func update(_ progress: BatchProgress) { newest.withLock { $0 = progress } }

    /// Nil before the first update.
    var progress: BatchProgress? { newest.withLock { $0 } }
}
