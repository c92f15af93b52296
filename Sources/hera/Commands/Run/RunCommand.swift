import ArgumentParser
import Domain
import Foundation
import JSON
import Ledger
import ServiceLifecycle
import Steps
import UnixSignals

/// `hera run`: one agent job.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run one agent job and show its steps as they happen.",
        discussion: """
            The job is a file like {"input": "...", "agent": {"tools": [{"type": "calculator"}]}, "policy": {...}}, or has \
            "subtasks" for a graph; - reads standard input. Ends with 0 when the job is completed, 70 when it failed, 75 \
            when it waits for tool outputs that only a client of the service can send.
            """)

    @Argument(help: "The job (JSON).")
    var job: String

    @Option(name: .long, help: "Output format: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func run() async throws {
        try await Exit.mapped {
            let services = try await AppServices(
                installation: installation, database: database, logger: Installation.logger())
            let spec = try Self.spec(job, policy: services.stepService.settings.defaultPolicy)
            try await services.bookInterruptedCalls()
            let follow = JobFollower(services: services, spec: spec, format: format)
            let group = ServiceGroup(
                configuration: .init(
                    services: services.all + [
                        .init(service: follow, successTerminationBehavior: .gracefullyShutdownGroup)
                    ], gracefulShutdownSignals: [.sigterm, .sigint], logger: Installation.logger()))
            try await group.run()
            await services.stepService.ledger.close()
            if let code = follow.exitCode, code != 0 { throw ExitCode(code) }
        }
    }

    static func spec(_ path: String, policy: Policy) throws -> JobSpec {
        let data: Data
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else if let read = FileManager.default.contents(atPath: path) {
            data = read
        } else {
            throw Exit(66, "cannot read \(path)")
        }
        do {
            return try JobSpec(json: try JSONDocument(Array(data)).root, basePolicy: policy)
        } catch {
            throw Exit(65, "\(path): \(error)")
        }
    }
}

/// The output format of a command.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
