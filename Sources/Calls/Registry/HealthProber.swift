package import Catalog
import Domain
package import Logging
import ServiceLifecycle
package import Upstream

/// Probes which models of the catalog can be called: whether the key is set, the server answers, and it has the model.
///
/// Repeats the probe at an interval, since local servers start and stop. Adds models of local servers that the catalog
/// does not name.
package struct HealthProber: Service {
    private let registry: ModelRegistry
    private let upstream: UpstreamClient
    private let keys: APIKeys
    private let finder: LocalModelFinder
    private let logger: Logger
    private let interval: Duration

    /// - Parameter servers: local servers whose own models are added to the registry's.
    package init(
        registry: ModelRegistry, upstream: UpstreamClient, keys: APIKeys, servers: [LocalServer] = [], logger: Logger,
        interval: Duration = .seconds(15)
    ) {
        finder = LocalModelFinder(
            registry: registry, upstream: upstream, keys: keys, servers: servers, logger: logger)
        self.registry = registry
        self.upstream = upstream
        self.keys = keys
        self.logger = logger
        self.interval = interval
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await probe()
                try? await Task.sleep(for: interval)
            }
        }
    }

    /// Adds what local servers list and the catalog does not name, and probes nothing else.
    package func findLocalModels() async {
        await finder.find()
    }

    /// Probes every model once, all servers concurrently.
    package func probe() async {
        var found: [ModelID: ModelRegistry.Availability] = [:]
        var servers: [String: [Model]] = [:]
        for model in registry.catalog.models {
            let access = model.endpoint.access
            if let problem = await keys.problem(with: access) {
                found[model.id] = .unavailable(problem)
            } else if model.placement == .edge || access.isOpen {
                servers[model.endpoint.baseURL, default: []].append(model)
            } else {
                found[model.id] = .live
            }
        }
        await withTaskGroup(of: (models: [Model], result: ProbeResult).self) { group in
            for models in servers.values {
                guard let endpoint = models.first?.endpoint else { continue }
                group.addTask {
                    let credentials = try? await keys.credentials(for: endpoint.access)
                    return (models, await upstream.probe(endpoint, credentials: credentials ?? .none))
                }
            }
            for await (models, result) in group {
                for model in models { found[model.id] = Self.availability(of: model, result) }
            }
        }
        registry.update(found)
        await finder.find()
    }

    private static func availability(of model: Model, _ result: ProbeResult) -> ModelRegistry.Availability {
        guard result.isReachable else {
            return .unavailable("no server at \(model.endpoint.baseURL): start it")
        }
        if let problem = result.problem {
            return .unavailable("the server at \(model.endpoint.baseURL) does not list its models: \(problem)")
        }
        let name = model.endpoint.modelName
        // Ollama lists names with a tag, `llama3.1:8b` or `qwen2.5:latest`.
        guard result.models.isEmpty || result.models.contains(where: { $0 == name || $0 == "\(name):latest" }) else {
            let served = result.models.prefix(3).map(Self.shown).joined(separator: ", ")
            return .unavailable("the server at \(model.endpoint.baseURL) has no '\(name)' (it has \(served))")
        }
        return .live
    }

    /// The start of a server's name for a model on one line.
    private static func shown(_ name: String) -> String {
        String(name.unicodeScalars.prefix(60).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}
