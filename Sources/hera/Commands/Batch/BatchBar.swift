import Batches
import Domain
import Foundation
import Ledger
import Synchronization

/// How far a batch is, on standard error: a bar for who watches, a line now and then for a log.
final class BatchBar: Sendable {
    private static let secondsBetweenLines = 30.0
    private let bar = ProgressBar()
    private let isWatched = isatty(STDERR_FILENO) == 1
    private let lastLine = Mutex(ContinuousClock.now)
    private let lastWait = Mutex<BatchWait?>(nil)

    func show(_ progress: BatchProgress) {
        let isNews = lastWait.withLock { last in
            defer { last = progress.wait }
            return progress.wait != nil && progress.wait != last
        }
        if isNews, let wait = progress.wait {
            bar.clear()
            Exit.tell(wait.words)
        }
        let text = Self.text(progress)
        if isWatched {
            let done = progress.completed + progress.failed
            return bar.show(Double(done) / Double(max(1, progress.rows)), text)
        }
        let isDue = lastLine.withLock { last in
            guard last.duration(to: .now) > .seconds(Self.secondsBetweenLines) else { return false }
            last = .now
            return true
        }
        if isDue { Exit.tell(text) }
    }

    func clear() { bar.clear() }

    /// Rows, money, expected accuracy and time left, in at most 60 characters as long as figures are ordinary.
    static func text(_ progress: BatchProgress) -> String {
        let accuracy = String(format: "%.3f", progress.accuracy)
        let spent = String(format: "$%.4f of ~$%.4f", progress.spent.usd, progress.expectedCost.usd)
        let failed = progress.failed > 0 ? " (\(progress.failed) failed)" : ""
        let left = progress.secondsLeft.map { "  \(time($0)) left" } ?? ""
        return "\(progress.completed)/\(progress.rows)\(failed)\(away(progress))  \(spent)  acc \(accuracy)\(left)"
    }

    /// Rows at providers and how far these are; nothing where there are none.
    private static func away(_ progress: BatchProgress) -> String {
        guard progress.atProviders > 0 else { return "" }
        let done = progress.providerBatches.reduce(0) { $0 + $1.completed }
        let phases = Set(progress.providerBatches.map(\.phase.rawValue)).sorted().joined(separator: ", ")
        return "  \(progress.atProviders) at providers (\(phases); \(done) done)"
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e8).rounded(.up))
        return whole < 120 ? "\(whole) s" : whole < 7200 ? "\(whole / 60) min" : "\(whole / 3600) h"
    }
}
