import Batches
import Domain
import JSON

/// How a batch ended, for people and for programs.
struct BatchSummary: Sendable {
    let id: String
    let ending: BatchOutcome
    let count: BatchOutput.Count
    let spent: Money
    let budget: Money?
    /// Predicted, of the rows answered by this process.
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
