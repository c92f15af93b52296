import ArgumentParser
import Dialects
import Domain
import Foundation
import JSON
import Routing
import Steps
import Training

/// `hera route`: the decision on a chat request, without calling anybody.
struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Say which model would answer a chat request, and why; calls nobody.",
        discussion: """
            Reads an OpenAI chat request on standard input; `model` may be left out, and `hera` may hold a policy. All \
            models of the catalog are candidates, whether or not they are live; with --live those that can be called \
            from here.

              echo '{"messages":[{"role":"user","content":"What is 2+2?"}]}' | hera route
            """)

    @Option(name: .long, help: "text for people, json for programs.")
    var format: OutputFormat = .text

    @Flag(name: .long, help: ArgumentHelp(DryRunServices.liveHelp))
    var live = false

    @Flag(name: .long, help: "Show the candidates that no other beats in cost, energy, time and quality at once.")
    var pareto = false

    @Option(name: .long, help: "Draw the candidates' cost against quality, with the front, into an SVG file.")
    var plot: String?

    @OptionGroup var places: InstallationOptions

    func run() async throws {
        try await Exit.mapped {
            let stepService = try await DryRunServices.make(places, onlyLive: live)
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
