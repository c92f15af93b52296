import Batches
import CMalloc
import Calls
import Catalog
import Domain
import JSON
import Jobs
import Ledger
import Logging
import Routing
import Server
import ServiceLifecycle
import Steps
import Tracing
import UnixSignals
import Upstream

/// The services of the process, composed once: step service, schedulers, prober, heartbeat.
struct AppServices {
    let stepService: StepService
    let scheduler: JobScheduler
    let batches: BatchScheduler
    let prober: HealthProber
    private let heartbeatService: HeartbeatService
    /// Nil where the settings name no server for alerts.
    private let alerts: AlertSender?
    /// Nil where the settings name no collector.
    private let spans: SpanExporter?
    private let upstream: UpstreamClient

    /// - Parameter servers: local servers besides those of the settings.
    init(
        installation: InstallationOptions, database: DatabaseOption, servers: [LocalServer] = [], logger: Logger
    ) async throws {
        let keys = try Installation.apiKeys(config: installation.config)
        let catalog = try Installation.catalog(installation)
        let settings = try await LocalNames.settings(installation, for: catalog, servers: servers)
        upstream = UpstreamClient(configuration: Installation.upstream(settings), logger: logger)
        for problem in settings.jwt.compactMap(\.fileProblem) { throw Exit(65, problem) }
        if let problem = settings.alerts?.problem(keys) { throw Exit(65, "alerts: \(problem)") }
        if let problem = settings.guardrail?.hook.problem(keys) { throw Exit(65, "guardrail: \(problem)") }
        let queue = settings.tracing.map { _ in SpanQueue() }
        let tracer = settings.tracing.flatMap { rule in queue.map { SpanTracer(queue: $0, share: rule.share) } }
        if let tracer { InstrumentationSystem.bootstrap(tracer) }
        spans = settings.tracing.flatMap { [upstream] rule in
            queue.map {
                SpanExporter(
                    queue: $0, url: rule.url, headers: rule.headers(keys), upstream: upstream, logger: logger)
            }
        }
        stepService = StepService(
            catalog: catalog, estimator: try Installation.estimator(installation),
            ledger: try Installation.ledger(database, config: installation.config, settings.durability),
            upstream: upstream, settings: settings, keys: keys, episodes: try Installation.episodes(installation),
            pool: WorkPool(starter: AnyEventLoopExecutor()),
            tracer: tracer, logger: logger)
        scheduler = JobScheduler(stepService: stepService)
        batches = BatchScheduler(stepService: stepService)
        heartbeatService = HeartbeatService(
            ledger: stepService.ledger, leaseSeconds: stepService.settings.limits.leaseSeconds, logger: logger)
        alerts = settings.alerts.map { [stepService, upstream] hook in
            AlertSender(hook: hook, ledger: stepService.ledger, upstream: upstream, keys: keys, logger: logger)
        }
        prober = HealthProber(
            registry: stepService.registry, upstream: upstream, keys: keys,
            servers: servers + stepService.settings.localServers, logger: logger)
    }

    /// All services in start order. They end in reverse order, so that calls in flight can still be settled.
    var all: [ServiceGroupConfiguration.ServiceConfiguration] {
        var services: [any Service] = [upstream, stepService.pool, stepService.learning, prober, scheduler, batches]
        if let alerts { services.append(alerts) }
        // Before the calls, so that it ends after them.
        if let spans { services.insert(spans, at: 1) }
        return [heartbeat] + services.map { .init(service: $0) }
    }

    /// The services that calls need, for commands that run no jobs.
    var callingServices: [ServiceGroupConfiguration.ServiceConfiguration] {
        [heartbeat, .init(service: upstream), .init(service: stepService.pool)]
    }

    /// A failing heartbeat, such as a ledger migrated by a later version, shuts all services down gracefully.
    private var heartbeat: ServiceGroupConfiguration.ServiceConfiguration {
        .init(service: heartbeatService, failureTerminationBehavior: .gracefullyShutdownGroup)
    }

    /// Returns memory to the system that only loading the catalog and the profiles needed (about 8 MB).
    func releaseLoadingMemory() {
        malloc_trim(0)
    }

    /// Whether the ledger contains any key.
    func hasKeys() async throws -> Bool {
        do {
            return try await !stepService.ledger.read { try $0.keys() }.isEmpty
        } catch {
            throw Exit(74, "\(error)")
        }
    }

    /// Settles the calls of ended processes at their upper bound, and logs their number.
    func bookInterruptedCalls() async throws {
        do {
            let entries = try await stepService.ledger.recover(at: .now())
            guard !entries.isEmpty else { return }
            let most = entries.reduce(Money.zero) { (try? $0.adding($1.result.figures.cost.total)) ?? $0 }
            Exit.printError(
                "\(entries.count) call\(entries.count == 1 ? "" : "s") under way when a process ended: booked as uncertain at the upper bound, "
                    + "$\(most) in all")
        } catch {
            throw Exit(74, "\(error)")
        }
    }
}

extension AppServices {
    /// Claims a batch for this process; nil where another process holds it.
    ///
    /// Retries for a second, because a database server may notice late that the previous owner ended.
    func claimBatch(_ id: String) async throws -> BatchRecord? {
        for _ in 0..<10 {
            if let batch = try await stepService.ledger.claimBatch(id, seizing: false) {
                // Settle the previous owner's open calls and free its rows.
                if batch.lease > 1 { _ = try await stepService.ledger.recover(at: .now()) }
                return batch
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Runs a command's service together with the calling services, until it ends or receives a signal.
    func run(_ service: any Service) async {
        var configuration = ServiceGroupConfiguration(
            services: callingServices + [
                .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: Installation.logger())
        // Calls in flight after that are settled at their upper bound at the next start.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try? await ServiceGroup(configuration: configuration).run()
    }
}

extension Exit {
    /// The exit code of a batch command for an error.
    init(ofBatch error: any Error) {
        let code: Int32 =
            switch error {
            case is LedgerError: 74
            case is FieldError, is RoutingError, ServiceError.unknownModel, ServiceError.modelUnavailable: 65
            default: 70
            }
        self = error as? Exit ?? Exit(code, "\(error)")
    }
}
