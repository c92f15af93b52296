import ArgumentParser
import Foundation

/// `hera init`: a settings file, by at most four questions.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write hera.yaml: which keys, which servers, what matters, where the books are.",
        discussion: """
            Asks at a terminal, and takes the options and the defaults elsewhere. What is given as an option is not asked for. \
            Then it tests keys and servers, and prints the next command.

            Example: hera init --goal same --database sqlite:hera.sqlite --yes
            """)

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Providers whose keys you have: openai, anthropic, ... Keys that are in the environment stay there.")
    var keys: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("A local server besides those at the usual ports; repeatable.", valueName: "url"))
    var server: [String] = []

    @Option(name: .long, help: ArgumentHelp("What matters: \(Goal.names).", valueName: "goal"))
    var goal: Goal?

    @Option(name: .long, help: "The ledger: sqlite:PATH or postgres://user@host/database.")
    var database: String?

    @Option(name: .long, help: "The file to write.")
    var out = "hera.yaml"

    @Flag(name: .long, help: "Ask nothing.")
    var yes = false

    @Flag(name: .long, help: "Replace a file that exists.")
    var force = false

    @Flag(name: .long, help: "Do not test keys and servers.")
    var offline = false

    func run() async throws {
        try await Exit.mapped {
            guard force || !FileManager.default.fileExists(atPath: out) else {
                throw Exit(73, "\(out) exists: --force replaces it, --out FILE writes another one")
            }
            let questions = Questions(isAsking: !yes && isatty(STDIN_FILENO) == 1)
            let providers = try ProviderKeys(asked: keys, questions)
            let servers = try questions.servers(server)
            let goal = questions.goal(goal)
            let location = questions.database(database)
            let keysPath = URL(fileURLWithPath: out).deletingLastPathComponent().appendingPathComponent("keys.env").path
            let text = SettingsText(
                goal: goal, servers: servers, database: location,
                keysFile: try providers.write(to: keysPath) ? "keys.env" : nil)
            do {
                try Data(text.yaml.utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
            } catch {
                throw Exit(73, "cannot write \(out): \(error.localizedDescription)")
            }
            print("wrote \(out)" + (providers.written.isEmpty ? "" : " and \(keysPath) (mode 600)"))
            if !offline { try await test() }
            print("\nnext: \(command)\nthen: http://127.0.0.1:8484/dashboard")
        }
    }

    private var command: String {
        URL(fileURLWithPath: out).standardizedFileURL.path == URL(fileURLWithPath: "hera.yaml").standardizedFileURL.path
            ? "hera serve" : "hera serve --config \(out)"
    }

    private func test() async throws {
        var installation = InstallationOptions.defaults
        installation.config = out
        guard let settings = try? Installation.settings(installation) else {
            throw Exit(70, "\(out) cannot be read back: `hera config check --config \(out)`")
        }
        let catalog = try Installation.catalog(installation)
        Finding.show(
            await KeyChecks(catalog: catalog, settings: settings, installation: installation, isOffline: false)
                .findings())
    }
}

/// What an operator wants from routing.
enum Goal: String, CaseIterable, ExpressibleByArgument {
    case same, cheap, best, fast, `private`

    static let names = allCases.map(\.rawValue).joined(separator: ", ")

    /// What it means, as a question shows it.
    var title: String {
        switch self {
        case .same: "answers as good as the best model's, for less"
        case .cheap: "spend little; five in a hundred right answers may be lost"
        case .best: "the best answers; savings only where nothing is lost"
        case .fast: "short waits"
        case .private: "only models on your own hardware"
        }
    }

    /// The line of `default_policy` in the settings.
    var policy: String {
        switch self {
        case .same: "default_policy: {max_loss: 0.01}"
        case .cheap: "default_policy: {max_loss: 0.05}"
        case .best: "default_policy: {max_loss: 0}"
        case .fast: "default_policy: {max_loss: 0.01, weights: {latency: 1}}"
        case .private: "default_policy: {placement: edge_only}"
        }
    }
}
