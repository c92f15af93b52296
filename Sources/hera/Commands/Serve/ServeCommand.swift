import ArgumentParser
import Calls
import Catalog
import CoreMetrics
import Domain
import Foundation
import Ledger
import Logging
import Server
import ServiceLifecycle
import Steps
import UnixSignals
import Upstream

/// `hera serve`: the service.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: OpenAI- and Anthropic-compatible calls, agent jobs, batches, dashboards.",
        discussion: """
            Keys are found in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, ...), and local servers at their usual \
            ports, with all models that they list: speed, energy and ability of those that no catalog names are \
            estimated from their size. The service says which models are live, and why the others are not.

            Catalog, profiles and settings are read again on SIGHUP and when a file changes; what is refused leaves the old in \
            place.

            Without any key it listens on loopback addresses only. With HERA_API_KEY in the environment (the operator's own \
            key), keys made by `hera keys create`, or issuers of tokens in the settings (`jwt`), callers send one as \
            `Authorization: Bearer`.
            """)

    @Option(name: .long, help: "The address to listen on. Default: HERA_HOST, the settings, then 127.0.0.1.")
    var host: String?

    @Option(name: .long, help: "The port to listen on. Default: HERA_PORT, the settings, then 8484.")
    var port: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A local server whose models are used, besides those at the usual ports; may be repeated.",
            valueName: "url"))
    var server: [String] = []

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var database: DatabaseOption

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port must be from 0 to 65535, and is \(port)")
        }
        _ = try servers()
    }

    private func servers() throws -> [LocalServer] {
        try server.map { url in
            do {
                return try LocalServer(url: url)
            } catch {
                throw ValidationError("--server \(error)")
            }
        }
    }

    func run() async throws {
        // A terminal that closes does not end the service.
        signal(SIGHUP, SIG_IGN)
        try await Exit.mapped {
            let address = try ListenAddress(host: host, port: port, service: installation.service)
            let (host, port) = (address.host, address.port)
            let key = try Installation.environment(config: installation.config)["HERA_API_KEY"]
            let logger = Installation.logger()
            let metrics = PrometheusRegistry()
            MetricsSystem.bootstrap(metrics)
            let services = try await AppServices(
                installation: installation, database: database, servers: try servers(), logger: logger)
            let hasKeys = try await services.hasKeys()
            let needsKey = key != nil || hasKeys || !services.stepService.settings.jwt.isEmpty
            guard needsKey || address.isLoopback else {
                throw Exit(
                    64,
                    "make a key with `hera keys create`, or set HERA_API_KEY, before listening on \(host): "
                        + "without any key only loopback is allowed")
            }
            try await services.bookInterruptedCalls()
            services.releaseLoadingMemory()
            let service = HTTPService(
                stepService: services.stepService, scheduler: services.scheduler, batches: services.batches, host: host,
                port: port, key: key,
                needsKey: needsKey, logger: logger, metrics: metrics
            ) { port in
                Exit.printError(
                    "listening on \(address.url(port: port))/v1" + (needsKey ? "" : " (loopback only: there is no key)")
                )
                Exit.printError("what it costs: \(address.url(port: port))/dashboard")
                await services.prober.probe()
                LiveModelsReport.printReport(services.stepService.registry)
            }
            let reloader = Reloader(
                installation: installation, stepService: services.stepService, prober: services.prober, logger: logger)
            do {
                var configuration = ServiceGroupConfiguration(
                    services: services.all + [.init(service: reloader), .init(service: service)],
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger)
                // Calls in flight after that are settled at their upper bound at the next start.
                configuration.maximumGracefulShutdownDuration = .seconds(20)
                try await ServiceGroup(configuration: configuration).run()
            } catch let error as LedgerError {
                await services.stepService.ledger.close()
                throw Exit(LedgerAccess.code(of: error), "the service stops: \(error)")
            } catch {
                await services.stepService.ledger.close()
                throw address.exit(of: error)
            }
            await services.stepService.ledger.close()
        }
    }
}

/// Prints which models are live, and why the others are not.
enum LiveModelsReport {
    static func printReport(_ registry: ModelRegistry) {
        var live: [String] = []
        var reasons: [String: Int] = [:]
        for model in registry.catalog.models {
            switch registry.availability(of: model.id) {
            case .live:
                let note = registry.localModel(model.id).map { " (\($0.note))" } ?? ""
                live.append(model.id.rawValue + note)
            case .unavailable(let reason): reasons[reason, default: 0] += 1
            }
        }
        Exit.printError(live.isEmpty ? "no model is live" : "live: \(live.joined(separator: ", "))")
        for (reason, count) in reasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            Exit.printError("not live: \(count) model\(count == 1 ? "" : "s"), \(reason)")
        }
    }
}
