import Calls
import Domain
package import Ledger
import ServiceLifecycle
package import Steps
import Synchronization

/// Runs the open rows of a batch: claims, plans and calls them, and commits each answer together with its row. A killed
/// process never pays twice for a row.
package struct BatchRunner: Sendable {
    let stepService: StepService
    let batch: BatchRecord
    let terms: BatchOptions
    let caller: Caller
    let stop: BatchStopSignal
    let watch: @Sendable (BatchProgress) -> Void

    static let firstPlanLimit = Duration.seconds(10)
    static let laterPlanLimit = Duration.seconds(1)
    static let rowsAtOnce = 256

    /// - Parameters:
    ///   - batch: from the ledger, with its rows added.
    ///   - caller: whose models and policy apply.
    ///   - watch: called from time to time with the progress.
    package init(
        stepService: StepService, batch: BatchRecord, terms: BatchOptions, caller: Caller,
        stop: BatchStopSignal = BatchStopSignal(),
        watch: @escaping @Sendable (BatchProgress) -> Void = { _ in }
    ) {
        self.stepService = stepService
        self.batch = batch
        self.terms = terms
        self.caller = caller
        self.stop = stop
        self.watch = watch
    }

    var isStopping: Bool { stop.isRequested || Task.isShuttingDownGracefully || Task.isCancelled }

    var secondsLeft: Double? { terms.deadline.map { $0.seconds - Timestamp.now().seconds } }

    /// Booked on the batch so far.
    func spent() async throws -> Money {
        guard terms.budget != nil else {
            return try await ledger.read { try $0.spent(onBatch: batch.id) }
        }
        let budgets = try await ledger.read { try $0.budgets(of: [.batch(batch.id)], at: .now()) }
        return Money(nanoUSD: budgets.first { $0.budget.limit.unit == .usd && $0.budget.window == .none }?.spent ?? 0)
    }

    /// The rows of the given input lines.
    func rows(_ lines: [Int64]) async throws -> [BatchRow] {
        try await ledger.read { try $0.rows(ofBatch: batch.id, lines: lines) }
    }

    /// Splits lines into pieces of `rowsAtOnce`.
    static func pieces(of lines: [Int64]) -> [[Int64]] {
        stride(from: 0, to: lines.count, by: rowsAtOnce).map {
            Array(lines[$0..<min($0 + rowsAtOnce, lines.count)])
        }
    }

    func fail(_ line: Int64, _ error: any Error) async throws {
        let row = BatchRow(batchID: batch.id, line: line, customID: "", request: [])
        try await commit(StepCommit(rows: [result(of: row, error)]))
    }

    func result(of row: BatchRow, _ error: any Error) -> BatchRowResult {
        let fault = BatchFault(line: row.line, customID: row.customID, code: error.errorCode, message: "\(error)")
        return BatchRowResult(batchID: batch.id, line: row.line, status: .failed, response: fault.body)
    }

    func commit(_ commit: StepCommit) async throws {
        do {
            _ = try await stepService.ledger.commitPatiently(commit)
        } catch {
            if (error as? LedgerError)?.isTemporary == true { await stepService.calls.book(commit.payments) }
            throw error
        }
    }

    var ledger: LedgerStore { stepService.ledger }
}

/// Stops a running batch: no further call starts, calls in flight complete.
package final class BatchStopSignal: Sendable {
    /// The reason to stop; the first one wins.
    package enum Reason: Hashable, Sendable {
        /// To be resumed later.
        case asked
        case cancelled
        /// Another node holds the lease.
        case lost
        /// The caller's key became invalid, with the reason.
        case forbidden(String)
    }

    private let first = Mutex<Reason?>(nil)

    package init() {}

    package func request(_ reason: Reason = .asked) { first.withLock { $0 = $0 ?? reason } }

    package var reason: Reason? { first.withLock { $0 } }

    package var isRequested: Bool { reason != nil }
}
