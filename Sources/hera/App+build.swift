import Batches
import CMalloc
import Calls
import Domain
import Jobs
import Ledger
import Logging
import ServiceLifecycle
import Steps
import UnixSignals
import Upstream

/// Everything that runs, composed once: the engine and the services it stands on.
struct AppServices {
    let stepService: StepService
    let scheduler: JobScheduler
    let batches: BatchScheduler
    let prober: HealthProber
    private let pulse: HeartbeatService
    private let upstream: UpstreamClient

    init(places: InstallationOptions, database: DatabaseOption, logger: Logger) throws {
        let keys = Installation.keyring()
        let catalog = try Installation.catalog(places)
        upstream = UpstreamClient(logger: logger)
        stepService = StepService(
            catalog: catalog, estimator: try Installation.estimator(places),
            ledger: try Installation.ledger(database), upstream: upstream,
            settings: try Installation.settings(places, for: catalog), keys: keys, logger: logger)
        scheduler = JobScheduler(stepService: stepService)
        batches = BatchScheduler(stepService: stepService)
        pulse = HeartbeatService(
            ledger: stepService.ledger, leaseSeconds: stepService.settings.limits.leaseSeconds, logger: logger)
        prober = HealthProber(fleet: stepService.fleet, upstream: upstream, keys: keys, logger: logger)
    }

    /// In the order of their start; they end in the opposite order, so that calls under way can still be booked.
    var all: [ServiceGroupConfiguration.ServiceConfiguration] {
        let services: [any Service] = [upstream, stepService.pool, stepService.learning, prober, scheduler, batches]
        return [beating] + services.map { .init(service: $0) }
    }

    /// Only what calls need, for commands that run no jobs.
    var callingServices: [ServiceGroupConfiguration.ServiceConfiguration] {
        [beating, .init(service: upstream), .init(service: stepService.pool)]
    }

    /// Where the ledger is a later version's by now, the others end in order.
    private var beating: ServiceGroupConfiguration.ServiceConfiguration {
        .init(service: pulse, failureTerminationBehavior: .gracefullyShutdownGroup)
    }

    /// Gives back to the system what only reading catalog and profiles needed (about 8 MB), since the service stays.
    func giveBackLoadingMemory() {
        malloc_trim(0)
    }

    /// Whether the ledger knows any key.
    func hasKeys() async throws -> Bool {
        do {
            return try await !stepService.ledger.read { try $0.keys() }.isEmpty
        } catch {
            throw Exit(74, "\(error)")
        }
    }

    /// Books what a process that died may have spent, and says so.
    func bookInterruptedCalls() async throws {
        do {
            let entries = try await stepService.ledger.recover(at: .now())
            guard !entries.isEmpty else { return }
            let most = entries.reduce(Money.zero) { (try? $0.adding($1.result.figures.cost.total)) ?? $0 }
            Exit.tell(
                "\(entries.count) call\(entries.count == 1 ? "" : "s") under way when a process ended: booked as uncertain at the upper bound, "
                    + "$\(most) in all")
        } catch {
            throw Exit(74, "\(error)")
        }
    }
}

extension AppServices {
    /// Takes a batch for this process; nil where another one works on it. A database server may take a moment to notice
    /// that the process before has died.
    func claimBatch(_ id: String) async throws -> BatchRecord? {
        for _ in 0..<10 {
            if let batch = try await stepService.ledger.claimBatch(id, seizing: false) {
                // What a process that just died had begun is booked, and its rows are free.
                if batch.lease > 1 { _ = try await stepService.ledger.recover(at: .now()) }
                return batch
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Runs a command's service beside those that calls need, until it ends or is asked to stop.
    func run(_ service: any Service) async {
        var configuration = ServiceGroupConfiguration(
            services: callingServices + [
                .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: Installation.logger())
        // What is still under way then is booked at its upper bound at the next start.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try? await ServiceGroup(configuration: configuration).run()
    }
}

extension Exit {
    /// What a command on batches ends with after an error.
    init(ofBatch error: any Error) {
        let code: Int32 =
            switch error {
            case is LedgerError, ServiceError.ledger: 74
            case ServiceError.badRequest, ServiceError.routing, ServiceError.unknownModel,
                ServiceError.modelUnavailable:
                65
            default: 70
            }
        self = error as? Exit ?? Exit(code, "\(error)")
    }
}
