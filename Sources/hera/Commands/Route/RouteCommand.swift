import ArgumentParser
import Dialects
import Domain
import Foundation
import JSON
import Routing
import Steps
import Training

/// `hera route`: the decision on a chat request, without any model call.
struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Print which model would answer a chat request, and why. Calls no model.",
        discussion: """
            Reads an OpenAI chat request on standard input; `model` may be left out, and `hera` may hold a policy. All \
            models of the catalog are candidates, whether or not they are live; with --live those that can be called \
            from here.

              echo '{"messages":[{"role":"user","content":"What is 2+2?"}]}' | hera route
            """)

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @Flag(name: .long, help: ArgumentHelp(DryRunServices.liveHelp))
    var live = false

    @Flag(name: .long, help: "Show only the Pareto-optimal candidates by cost, energy, time and quality.")
    var pareto = false

    @Option(name: .long, help: "Draw the candidates' cost against quality, with the front, into an SVG file.")
    var plot: String?

    @OptionGroup var installation: InstallationOptions

    func run() async throws {
        try await Exit.mapped {
            if isatty(STDIN_FILENO) == 1 {
                Exit.printError("reading a chat request from the terminal; end it with Ctrl-D (hera route --help)")
            }
            let stepService = try await DryRunServices.make(installation, onlyLive: live)
            let decision: Decision
            do {
                var document = try JSONDocument(Array(FileHandle.standardInput.readDataToEndOfFile()))
                if document.root.kind == .object, document.root["model"] == nil {
                    document = try JSONDocument(document.settingMembers([("model", Array(#""hera""#.utf8))]))
                }
                decision = try await stepService.dryRun(try ChatRequest(document), from: Caller())
            } catch {
                throw Exit(65, "\(error)")
            }
            if let plot {
                do {
                    try Data(decision.picture.utf8).write(to: URL(fileURLWithPath: plot))
                } catch {
                    throw Exit(74, "\(plot) cannot be written: \(error.localizedDescription)")
                }
            }
            print(
                format == .json
                    ? String(decoding: decision.report(withFront: pareto), as: UTF8.self)
                    : DecisionTable.text(decision, onlyFront: pareto))
        }
    }
}

/// A decision as text.
enum DecisionTable {
    /// - Parameter onlyFront: omits candidates that are not Pareto-optimal.
    static func text(_ decision: Decision, onlyFront: Bool = false) -> String {
        var lines = [
            "\(decision.model)  [\(decision.stage.rawValue)]  position \(decision.position)  kappa "
                + String(format: "%.2f", decision.kappa),
            decision.reason, "",
        ]
        let able =
            onlyFront
            ? decision.front
            : decision.candidates.filter { $0.rejection == nil }.sorted { $0.cost.total < $1.cost.total }
        let width = max(10, able.map(\.model.rawValue.count).max() ?? 0)
        lines.append(
            pad("model", width) + "       p  similar      cost USD  seconds   joules  from")
        for candidate in able {
            let mark = candidate.model == decision.model ? "*" : candidate.model == decision.reference ? "r" : " "
            let similarity = candidate.similarity.map { String(format: "%.2f", $0) } ?? "-"
            lines.append(
                pad(candidate.model.rawValue, width) + " \(mark) "
                    + String(format: "%6.2f", candidate.prediction.quality)
                    + String(repeating: " ", count: max(1, 9 - similarity.count)) + similarity
                    + String(
                        format: "%14.7f%9.1f%9.1f", candidate.cost.total.usd, candidate.latencySeconds,
                        candidate.energyJoules)
                    + (candidate.effort.map { "  at \($0.level.effort.rawValue) effort" } ?? "")
                    + "  \(candidate.prediction.source)")
        }
        let rejected = decision.candidates.filter { $0.rejection != nil }
        if !rejected.isEmpty { lines.append("") }
        for candidate in rejected { lines.append("\(candidate.model): \(candidate.rejection ?? "")") }
        lines.append("")
        lines += decision.considered
        lines.append(
            "* chosen, r reference; if it fails: \(decision.fallbacks.prefix(3).map(\.rawValue).joined(separator: ", "))"
        )
        return lines.joined(separator: "\n")
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
