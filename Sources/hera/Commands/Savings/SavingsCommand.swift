import ArgumentParser
import Domain
import Estimation
import Foundation
import JSON
import Ledger
import Steps
import Training

/// `hera savings`: what hera would have saved on logged requests.
struct SavingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "savings", abstract: "Compute what hera would have saved on logged requests. Calls no model.",
        discussion: """
            Reads a log: JSON Lines, plain or .gz, each line a request in OpenAI's chat format or Anthropic's messages \
            format, or an object with one as `body` (as batch files have it) or `request`. Every request is routed by \
            the code that serves, and compared with the model of its line, or with the best model where the catalog \
            has none of that name. No model is called and nothing is stored. Costs come from the catalog's prices and \
            predicted answer lengths, quality is the predicted probability of a good answer.

              hera savings requests.jsonl --live
              hera savings requests.jsonl --policy '{"min_accuracy": 0.8}'
              hera savings --from-ledger

            With --from-ledger it reads what the service found out by itself: with `shadow: {mode: dry, ...}` in the \
            settings, calls of named models are routed on paper, and a share of them is also sent to the chosen model.

            Ends with 65 where no line is a request or the ledger has no dry run, 66 where the log cannot be read.
            """)

    @Argument(help: "The log (JSON Lines, plain or .gz; - for standard input).")
    var log: String?

    @Flag(name: .customLong("from-ledger"), help: "Reads the dry runs of the ledger in place of a log.")
    var fromLedger = false

    @Option(name: .long, help: "Policy: hera, or hera/POLICY of the settings.")
    var model = "hera"

    @Option(name: .long, help: "A policy: a JSON object, or a JSON or YAML file with one (docs/reference/policy.md).")
    var policy: String?

    @Flag(name: .long, help: ArgumentHelp(DryRunServices.liveHelp))
    var live = false

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        guard (log == nil) == fromLedger else {
            throw ValidationError("give either a log or --from-ledger")
        }
        guard model == "hera" || model.hasPrefix("hera/") else {
            throw ValidationError("--model has to be hera, or hera/POLICY: a named model would route nothing")
        }
    }

    func run() async throws {
        try await Exit.mapped {
            guard let log else { return try await printDrySavings() }
            let policy = try self.policy.map { try PolicyArgument.document($0) }
            let lines: [ArraySlice<UInt8>]
            do throws(EstimationError) {
                lines = try DataFile.read(log).split(separator: 0x0a, omittingEmptySubsequences: false)
            } catch {
                throw Exit(66, error.description)
            }
            let stepService = try await DryRunServices.make(installation, onlyLive: live)
            let bar = ProgressBar()
            defer { bar.clear() }
            var report = SavingsReport()
            for (index, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
                if index % 50 == 0 { bar.show(Double(index) / Double(lines.count), "request \(index + 1)") }
                do {
                    let past = try PastRequest(line: line, asking: model, policy: policy?.bytes)
                    try await stepService.forecast(past, into: &report.forecast)
                } catch {
                    report.leaveOut(line: index + 1, because: "\(error)")
                }
            }
            bar.clear()
            guard report.forecast.routed.requests > 0 else {
                throw Exit(65, "no line of \(log) could be routed" + (report.firstFault.map { ": \($0)" } ?? ""))
            }
            print(format == .json ? String(decoding: report.json, as: UTF8.self) : report.text)
        }
    }
}

extension SavingsCommand {
    /// Prints what the dry runs of the ledger say.
    private func printDrySavings() async throws {
        let policy = model == "hera" ? nil : String(model.dropFirst("hera/".count))
        let ledger = try Installation.ledger(database)
        let steps: [StepRecord]
        do throws(LedgerError) {
            steps = try await ledger.read { try $0.steps(ofRun: DryRun.runID(policy: policy)) }
        } catch {
            throw Exit(74, error.description)
        }
        await ledger.close()
        var savings = DrySavings()
        for run in steps.compactMap(DryRun.init) { try savings.add(run) }
        guard savings.calls > 0 else {
            throw Exit(
                65,
                "the ledger has no dry run: set `shadow: {mode: dry, share: 0.02, budget_usd: 5}` in the settings' "
                    + "\(policy.map { "policy \($0)" } ?? "default_policy"), and call models by their names")
        }
        print(format == .json ? String(decoding: savings.json, as: UTF8.self) : savings.text)
    }
}

/// The result of `hera savings`, as text and as JSON.
struct SavingsReport {
    var forecast = SavingsForecast()
    /// Lines that are not a request, or that no model can serve.
    private(set) var leftOut = 0
    /// The first of them, with its line number.
    private(set) var firstFault: String?

    mutating func leaveOut(line: Int, because reason: String) {
        leftOut += 1
        firstFault = firstFault ?? "line \(line): \(reason)"
    }

    var text: String {
        var rows = [["model", "before", "with hera", "share", "predicted USD", "quality"]]
        let models = Set(forecast.models.keys).union(forecast.modelsBefore.keys)
        let count = forecast.routed.requests
        let requests = { (model: ModelID) in forecast.models[model]?.requests ?? 0 }
        for model in models.sorted(by: { (requests($1), $0) < (requests($0), $1) }) {
            let sums = forecast.models[model] ?? SavingsForecast.Sums()
            rows.append(
                [model.rawValue, "\(forecast.modelsBefore[model]?.requests ?? 0)", "\(sums.requests)"]
                    + Self.cells(sums, of: count))
        }
        rows.append(["together with hera", "", "\(count)"] + Self.cells(forecast.routed, of: count))
        rows.append(["as asked for then", "\(count)", ""] + Self.cells(forecast.before, of: count))
        return ([TextTable(rows).text, ""] + remarks).joined(separator: "\n")
    }

    private static func cells(_ sums: SavingsForecast.Sums, of count: Int) -> [String] {
        guard sums.requests > 0 else { return ["", "", ""] }
        return [
            TextTable.fixed(100 * Double(sums.requests) / Double(count), 1) + " %", TextTable.fixed(sums.cost.usd, 6),
            TextTable.fixed(sums.meanQuality, 2),
        ]
    }

    private var remarks: [String] {
        var lines: [String] = []
        if let share = forecast.savedShare {
            let change = forecast.routed.meanQuality - forecast.before.meanQuality
            let cost = share >= 0 ? "saves \(Self.percent(share))" : "costs \(Self.percent(-share)) more"
            let quality =
                change >= -0.005
                ? "at a predicted quality that is no lower"
                : "for \(TextTable.fixed(-100 * change, 1)) points of predicted quality"
            lines.append("hera \(cost) \(quality). These are predictions; no model was called.")
        }
        if forecast.standIns > 0 {
            lines.append(
                "Of them \(forecast.standIns) name no model that the catalog has a price for: the best one stands in."
            )
        }
        if let firstFault { lines.append("Left out: \(leftOut) of the lines; the first is \(firstFault)") }
        return lines
    }

    private static func percent(_ share: Double) -> String { TextTable.fixed(100 * share, 1) + " % of the cost" }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            forecast.writeMembers(to: &json)
            json.member("left_out", leftOut)
            json.member("first_fault", firstFault)
        }
        return writer.bytes
    }
}
