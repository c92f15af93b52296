import Calls
import Catalog
import Steps
import Upstream

/// Settings that may name models of local servers.
enum LocalNames {
    /// Loads the operator's settings. Only where they name a model that the catalog lacks, local servers are asked
    /// for theirs.
    ///
    /// - Parameter servers: local servers besides those of the settings.
    static func settings(
        _ installation: InstallationOptions, for catalog: ModelCatalog, servers: [LocalServer] = []
    ) async throws -> Settings {
        do {
            return try Installation.settings(installation, for: catalog)
        } catch let problem as Exit {
            let unresolved = try Installation.settings(installation)
            let found = await models(at: servers + unresolved.localServers, besides: catalog)
            guard found.models.count > catalog.models.count else { throw problem }
            return try Installation.settings(installation, for: found)
        }
    }

    /// The catalog with the models that local servers list now.
    static func models(at servers: [LocalServer], besides catalog: ModelCatalog) async -> ModelCatalog {
        let logger = Installation.logger()
        let upstream = UpstreamClient(logger: logger)
        let registry = ModelRegistry(catalog: catalog, energy: nil)
        let prober = HealthProber(
            registry: registry, upstream: upstream, keys: Installation.apiKeys(), servers: servers, logger: logger)
        await withTaskGroup { group in
            group.addTask { try? await upstream.run() }
            await prober.findLocalModels()
            group.cancelAll()
        }
        return registry.catalog
    }
}
