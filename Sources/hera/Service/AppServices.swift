import CMalloc
import Domain
import Engine
import Ledger
import Logging
import ServiceLifecycle
import Upstream

/// Everything that runs, composed once: the engine and the services it stands on.
struct AppServices {
    let engine: Engine
    let desk: JobScheduler
    let batches: BatchScheduler
    let scout: HealthProber
    private let pulse: HeartbeatService
    private let upstream: UpstreamClient

    init(places: InstallationOptions, database: DatabaseOption, logger: Logger) throws {
        let keys = Installation.keyring()
        let catalog = try Installation.catalog(places)
        upstream = UpstreamClient(logger: logger)
        engine = Engine(
            catalog: catalog, estimator: try Installation.estimator(places),
            ledger: try Installation.ledger(database), upstream: upstream,
            settings: try Installation.settings(places, for: catalog), keys: keys, logger: logger)
        desk = JobScheduler(engine: engine)
        batches = BatchScheduler(engine: engine)
        pulse = HeartbeatService(
            ledger: engine.ledger, leaseSeconds: engine.settings.limits.leaseSeconds, logger: logger)
        scout = HealthProber(fleet: engine.fleet, upstream: upstream, keys: keys, logger: logger)
    }

    /// In the order of their start; they end in the opposite order, so that calls under way can still be booked.
    var services: [ServiceGroupConfiguration.ServiceConfiguration] {
        let services: [any Service] = [upstream, engine.pool, engine.learning, scout, desk, batches]
        return [beating] + services.map { .init(service: $0) }
    }

    /// Only what calls need, for commands that run no jobs.
    var callingServices: [ServiceGroupConfiguration.ServiceConfiguration] {
        [beating, .init(service: upstream), .init(service: engine.pool)]
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
            return try await !engine.ledger.keys().isEmpty
        } catch {
            throw Exit(74, "\(error)")
        }
    }

    /// Books what a process that died may have spent, and says so.
    func bookInterruptedCalls() async throws {
        do {
            let entries = try await engine.ledger.recover(at: .now())
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
