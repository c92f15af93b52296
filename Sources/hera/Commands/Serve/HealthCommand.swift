import ArgumentParser
import Foundation
import JSON

/// `hera health`: whether a service is ready, for containers and scripts.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a running service whether it is ready.",
        discussion: "Ends with 0 where it is ready, with 69 where it is not or does not answer.")

    @OptionGroup var service: RunningServiceOptions

    func run() async throws {
        try await Exit.mapped {
            let url = try service.serviceURL
            let answer = try await ServiceClient.run(url, key: nil) { try await $0.get("/readyz") }
            let root = answer.document?.root
            guard answer.status == 200 else {
                throw Exit(69, "\(url) is not ready: \(root?["problem"]?.string ?? "status \(answer.status)")")
            }
            print("\(url) is ready, live models: \(root?["live_models"]?.integer ?? 0)")
        }
    }
}

/// Options for a service that runs already.
struct RunningServiceOptions: ParsableArguments {
    @Option(name: .long, help: "The service. Default: where the settings say that it listens.")
    var url: String?

    @Option(name: .long, help: "The port on this machine, instead of a URL.")
    var port: Int?

    @Option(name: .long, help: "The operator's settings (YAML).")
    var config: String?

    /// Without a slash at the end.
    var serviceURL: String {
        get throws {
            if let url { return url.hasSuffix("/") ? String(url.dropLast()) : url }
            var installation = InstallationOptions.defaults
            installation.config = config
            return try ListenAddress(host: nil, port: port, service: installation.service).localURL
        }
    }
}
