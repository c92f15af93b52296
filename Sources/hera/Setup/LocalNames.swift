import Calls
import Catalog
import Domain
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
            let keys = try Installation.apiKeys(config: installation.config)
            let found = await models(at: servers + unresolved.localServers, besides: catalog, keys: keys)
            guard found.models.count > catalog.models.count else { throw problem }
            return try Installation.settings(installation, for: found)
        }
    }

    /// The catalog with the models that local servers list now.
    static func models(
        at servers: [LocalServer], besides catalog: ModelCatalog, keys: APIKeys
    ) async -> ModelCatalog {
        let registry = ModelRegistry(catalog: catalog, energy: nil)
        await Installation.withUpstream { upstream in
            let prober = HealthProber(
                registry: registry, upstream: upstream, keys: keys, servers: servers, logger: Installation.logger())
            await prober.findLocalModels()
        }
        return registry.catalog
    }

    /// What local servers answer now, as findings, and how many models without a key can be called.
    static func live(
        _ servers: [LocalServer], besides catalog: ModelCatalog, keys: APIKeys
    ) async -> (findings: [Finding], liveCount: Int) {
        let found = await models(at: servers, besides: catalog, keys: keys)
        let edge = catalog.models.filter { $0.endpoint.access.isOpen }
        let registry = ModelRegistry(
            catalog: ModelCatalog(models: edge, version: catalog.version), energy: nil)
        await Installation.withUpstream { upstream in
            await HealthProber(registry: registry, upstream: upstream, keys: keys, logger: Installation.logger())
                .probe()
        }
        let named = edge.filter { registry.availability(of: $0.id) == .live }.map(\.id.rawValue)
        let own = found.models.filter { catalog[$0.id] == nil }.map(\.id.rawValue)
        let all = (named + own).sorted()
        let usual = servers.map(\.title).joined(separator: ", ")
        guard !all.isEmpty else {
            return ([Finding("servers", .fine, "no local server answers (asked \(usual))")], 0)
        }
        let shown = all.prefix(6).joined(separator: ", ") + (all.count > 6 ? " and \(all.count - 6) more" : "")
        return ([Finding("servers", .fine, "\(all.count) models of local servers: \(shown)")], all.count)
    }
}
