import Batches
import Domain
import Foundation
import JSON
import Ledger
import Synchronization

/// The result of a batch, as text and as JSON.
struct BatchSummary: Sendable {
    let id: String
    let ending: BatchOutcome
    let count: BatchOutput.Count
    let spent: Money
    let budget: Money?
    /// Mean predicted accuracy of the rows answered by this process.
    let accuracy: Double
    let seconds: Double
    let files: BatchFiles

    private var status: String {
        switch ending {
        case .finished: count.failed + count.malformed + count.notDone == 0 ? "completed" : "completed_with_errors"
        case .stopped, .cancelled, .forbidden: "stopped"
        case .shortOfMoney: "short_of_money"
        case .late: "late"
        case .elsewhere: "in_progress_elsewhere"
        }
    }

    var text: String {
        var lines = [
            "\(status): \(count.completed) answered, \(count.failed) failed, \(count.malformed) malformed, "
                + "\(count.notDone) not done; $\(spent) of $\(budget ?? .zero) spent"
        ]
        if count.atProviders > 0 { lines.append("at providers: \(count.atProviders) rows, which go on there") }
        if let fault = ending.fault, count.notDone > count.atProviders { lines.append("not done: \(fault.message)") }
        if files.out != "-" { lines.append("answers: \(files.out)") }
        if count.failed + count.malformed + count.notDone > 0, let errors = files.errors {
            lines.append("errors: \(errors)")
        }
        return lines.joined(separator: "\n")
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("batch", id)
            object.member("status", status)
            object.member("completed", count.completed)
            object.member("failed", count.failed)
            object.member("malformed", count.malformed)
            object.member("not_done", count.notDone)
            object.member("at_providers", count.atProviders)
            object.member("spent_usd", spent.usd)
            object.member("budget_usd", budget?.usd)
            object.member("predicted_accuracy", accuracy)
            object.member("seconds", seconds)
            object.member("out", files.out)
            object.member("errors", files.errors)
        }
        return writer.bytes
    }

    /// Nil where every row has its answer.
    var exit: Exit? {
        switch ending {
        case .stopped where count.atProviders > 0:
            Exit(
                75,
                "stopped: \(count.atProviders) rows are at their models' providers and go on there; the same command "
                    + "fetches their answers, `hera batches cancel \(id)` ends them")
        case .stopped, .cancelled, .forbidden: Exit(75, "stopped: the same command goes on where this one ended")
        case .elsewhere(let rows):
            Exit(75, "another process works on \(rows) rows: run the same command when it has ended")
        case .finished, .shortOfMoney, .late:
            count.failed + count.malformed + count.notDone == 0
                ? nil
                : Exit(
                    70,
                    "\(count.failed + count.malformed + count.notDone) rows have no answer; why is in "
                        + (files.errors ?? "the lines above"))
        }
    }
}

/// Progress of a batch on standard error: a bar on a terminal, else a line every 30 seconds.
final class BatchBar: Sendable {
    private static let secondsBetweenLines = 30.0
    private let bar = ProgressBar()
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let lastLine = Mutex(ContinuousClock.now)
    private let lastWait = Mutex<BatchWait?>(nil)

    func show(_ progress: BatchProgress) {
        let isNews = lastWait.withLock { last in
            defer { last = progress.wait }
            return progress.wait != nil && progress.wait != last
        }
        if isNews, let wait = progress.wait {
            bar.clear()
            Exit.printError(wait.description)
        }
        let text = Self.text(progress)
        if isTerminal {
            let done = progress.completed + progress.failed
            return bar.show(Double(done) / Double(max(1, progress.rows)), text)
        }
        let isDue = lastLine.withLock { last in
            guard last.duration(to: .now) > .seconds(Self.secondsBetweenLines) else { return false }
            last = .now
            return true
        }
        if isDue { Exit.printError(text) }
    }

    func clear() { bar.clear() }

    /// Rows, money, expected accuracy and time left, in at most 60 characters for ordinary figures.
    static func text(_ progress: BatchProgress) -> String {
        let accuracy = String(format: "%.3f", progress.accuracy)
        let spent = String(format: "$%.4f of ~$%.4f", progress.spent.usd, progress.expectedCost.usd)
        let failed = progress.failed > 0 ? " (\(progress.failed) failed)" : ""
        let left = progress.secondsLeft.map { "  \(time($0)) left" } ?? ""
        return "\(progress.completed)/\(progress.rows)\(failed)\(away(progress))  \(spent)  acc \(accuracy)\(left)"
    }

    /// Rows at providers and the phase of their batches; empty without any.
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
