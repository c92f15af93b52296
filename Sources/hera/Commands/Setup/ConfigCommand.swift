import ArgumentParser
import Calls
import Catalog
import Domain
import Foundation
import JSON
import Steps

/// `hera config`: the settings file.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the settings file.", subcommands: [Check.self])

    /// `hera config check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check the settings, with the catalog that their policies name.",
            discussion: "Ends with 65 and the field where something is wrong, with 66 where the file is missing.")

        @Option(name: .long, help: "Output format: text or json.")
        var format: OutputFormat = .text

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            try await Exit.mapped {
                let path = installation.settingsSearch.found?.path
                let problem: Exit?
                var settings = Settings()
                var keyProblems: [String] = []
                do {
                    let catalog = try Installation.catalog(installation)
                    settings = try await LocalNames.settings(installation, for: catalog)
                    let keys = try Installation.apiKeys(config: installation.config)
                    let ways = Set(catalog.models.map(\.endpoint.access) + settings.servers.map(\.access))
                    keyProblems = ways.compactMap { keys.staticProblem(with: $0) }.sorted()
                    keyProblems += settings.jwt.compactMap(\.fileProblem)
                    if let problem = settings.alerts?.problem(keys) { keyProblems.append("alerts: \(problem)") }
                    if let problem = settings.guardrail?.hook.problem(keys) {
                        keyProblems.append("guardrail: \(problem)")
                    }
                    problem = nil
                } catch let exit as Exit {
                    problem = exit
                }
                if format == .json {
                    var writer = JSONWriter()
                    writer.object {
                        $0.member("ok", problem == nil)
                        $0.member("path", path)
                        $0.member("problem", problem?.message)
                        $0.member("keys", array: { list in keyProblems.forEach { list.element($0) } })
                        $0.member(
                            "policies",
                            array: { list in
                                for name in settings.policies.keys.sorted() { list.element(name) }
                            })
                    }
                    print(String(decoding: writer.bytes, as: UTF8.self))
                }
                if let problem { throw problem }
                guard format == .text else { return }
                for problem in keyProblems { print("warning: \(problem)") }
                let names = settings.policies.keys.sorted().map { "hera/\($0)" }
                print(
                    (path.map { "\($0): fine" } ?? "there is no settings file; the defaults are in use")
                        + (names.isEmpty ? "" : "; policies: \(names.joined(separator: ", "))"))
            }
        }
    }
}
