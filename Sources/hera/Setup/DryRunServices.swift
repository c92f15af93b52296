import Calls
import Catalog
import Domain
import Foundation
import Ledger
import Steps
import Upstream

/// A step service that decides and calls no model, for dry runs.
enum DryRunServices {
    static let liveHelp = """
        Only live models: those with a key in the environment, and those of local servers that \
        answer.
        """

    /// - Parameter onlyLive: omits the models that cannot be called from here; else all models of the catalog count as
    ///   live.
    ///   Exits with 69 where none is.
    static func make(_ installation: InstallationOptions, onlyLive: Bool) async throws -> StepService {
        let logger = Installation.logger()
        let catalog = try Installation.catalog(installation)
        let keys = try Installation.apiKeys(config: installation.config)
        let stepService = StepService(
            catalog: catalog, estimator: try Installation.estimator(installation), ledger: try scratchLedger(),
            upstream: UpstreamClient(logger: logger),
            settings: try await LocalNames.settings(installation, for: catalog), keys: keys,
            episodes: try Installation.episodes(installation), logger: logger)
        guard onlyLive else {
            stepService.registry.update(Dictionary(uniqueKeysWithValues: catalog.models.map { ($0.id, .live) }))
            return stepService
        }
        let registry = stepService.registry
        await Installation.withUpstream { upstream in
            let prober = HealthProber(
                registry: registry, upstream: upstream, keys: keys, servers: stepService.settings.localServers,
                logger: logger)
            await prober.probe()
        }
        guard registry.catalog.models.contains(where: { registry.availability(of: $0.id) == .live }) else {
            throw Exit(
                69, "no model can be called from here: set a key such as OPENAI_API_KEY, or start a local server")
        }
        return stepService
    }

    /// A ledger that is never written to, because decisions alone cost nothing.
    private static func scratchLedger() throws -> LedgerStore {
        let name = "hera-dry-\(getpid()).sqlite"
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        defer { for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) } }
        var option = DatabaseOption()
        option.database = "sqlite:\(path)"
        return try Installation.ledger(option)
    }
}
