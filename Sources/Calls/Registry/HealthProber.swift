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

    private struct Server: Hashable {
        let baseURL: String
        let access: EndpointAccess
    }

    /// Probes every model once, all servers concurrently.
    package func probe() async {
        let models = registry.catalog.models
        let problems = await problems(with: Set(models.flatMap { $0.endpoints.map(\.endpoint.access) }))
        var found: [EndpointID: ModelRegistry.Availability] = [:]
        var servers: [Server: [(id: EndpointID, endpoint: Endpoint)]] = [:]
        for model in models {
            for entry in model.endpoints {
                let (id, endpoint) = (EndpointID(model.id, entry.name), entry.endpoint)
                if let problem = problems[endpoint.access] {
                    found[id] = .unavailable(problem)
                } else if model.placement == .edge || endpoint.access.isOpen {
                    let server = Server(baseURL: endpoint.baseURL, access: endpoint.access)
                    servers[server, default: []].append((id, endpoint))
                } else {
                    found[id] = .live
                }
            }
        }
        await withTaskGroup(of: (entries: [(id: EndpointID, endpoint: Endpoint)], result: ProbeResult).self) { group in
            for entries in servers.values {
                guard let endpoint = entries.first?.endpoint else { continue }
                group.addTask {
                    let credentials = try? await keys.credentials(for: endpoint.access)
                    return (entries, await upstream.probe(endpoint, credentials: credentials ?? .none))
                }
            }
            for await (entries, result) in group {
                for entry in entries { found[entry.id] = Self.availability(of: entry.endpoint, result) }
            }
        }
        report(found, of: models)
        await finder.find()
    }

    /// Why servers cannot be entered. Commands for keys run at the same time.
    private func problems(with ways: Set<EndpointAccess>) async -> [EndpointAccess: String] {
        await withTaskGroup(of: (EndpointAccess, String?).self) { group in
            for way in ways { group.addTask { (way, await keys.problem(with: way)) } }
            var problems: [EndpointAccess: String] = [:]
            for await (way, problem) in group { problems[way] = problem }
            return problems
        }
    }

    /// A model is live where one of its endpoints is.
    private func report(_ found: [EndpointID: ModelRegistry.Availability], of models: [Model]) {
        var availability: [ModelID: ModelRegistry.Availability] = [:]
        var down: [EndpointID: String] = [:]
        for model in models {
            let ids = model.endpoints.map { EndpointID(model.id, $0.name) }
            availability[model.id] = ids.contains { found[$0] == .live } ? .live : ids.first.flatMap { found[$0] }
            guard ids.count > 1 else { continue }
            for id in ids { if case .unavailable(let reason) = found[id] { down[id] = reason } }
        }
        registry.update(availability, down: down)
    }

    private static func availability(of endpoint: Endpoint, _ result: ProbeResult) -> ModelRegistry.Availability {
        guard result.isReachable else {
            return .unavailable("no server at \(endpoint.baseURL): start it")
        }
        if let problem = result.problem {
            return .unavailable("the server at \(endpoint.baseURL) does not list its models: \(problem)")
        }
        let name = endpoint.modelName
        // Ollama lists names with a tag, `llama3.1:8b` or `qwen2.5:latest`.
        guard result.models.isEmpty || result.models.contains(where: { $0 == name || $0 == "\(name):latest" }) else {
            let served = result.models.prefix(3).map(Self.shown).joined(separator: ", ")
            return .unavailable("the server at \(endpoint.baseURL) has no '\(name)' (it has \(served))")
        }
        return .live
    }

    /// The start of a server's name for a model on one line.
    private static func shown(_ name: String) -> String {
        String(name.unicodeScalars.prefix(60).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}
