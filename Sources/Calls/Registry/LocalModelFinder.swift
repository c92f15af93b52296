import Catalog
import Domain
import Logging
import Synchronization
import Upstream

/// Adds the models of local servers that no entry of the catalog names.
///
/// What it leaves out it logs once, with the reason.
final class LocalModelFinder: Sendable {
    private let registry: ModelRegistry
    private let upstream: UpstreamClient
    private let keys: APIKeys
    private let servers: [LocalServer]
    private let logger: Logger
    private let reported = Mutex(Set<String>())
    /// Most lines that it logs while it runs.
    private static let mostReports = 1000

    /// - Parameter servers: in the order in which they get ids.
    init(
        registry: ModelRegistry, upstream: UpstreamClient, keys: APIKeys, servers: [LocalServer], logger: Logger
    ) {
        self.registry = registry
        self.upstream = upstream
        self.keys = keys
        self.servers = LocalServer.distinct(servers)
        self.logger = logger
    }

    /// Asks all servers once, at the same time, within a few seconds.
    func find() async {
        guard !servers.isEmpty else { return }
        var lists: [Int: [ServedModel]] = [:]
        await withTaskGroup(of: (Int, [ServedModel]?).self) { group in
            for (place, server) in servers.enumerated() {
                group.addTask { (place, await self.newModels(at: server)) }
            }
            for await (place, models) in group { lists[place] = models }
        }
        let today = Timestamp.now().day
        for (place, server) in servers.enumerated() {
            guard let served = lists[place] else { continue }
            let found = LocalModels(served, at: server, in: registry.catalog, today: today)
            report(found)
            registry.add(found.models)
        }
    }

    /// A server's list, with sizes where it has models that the registry lacks; nil where none answers.
    private func newModels(at server: LocalServer) async -> [ServedModel]? {
        guard let credentials = try? await keys.credentials(for: server.access),
            let served = await upstream.models(at: server, credentials: credentials)
        else { return nil }
        let found = LocalModels(served, at: server, in: registry.catalog, today: Timestamp.now().day)
        let isOllama = served.contains { LocalServerKind(of: server, owner: $0.owner) == .ollama }
        guard isOllama, !found.models.isEmpty else { return served }
        return await upstream.adding(tagsOf: server, credentials: credentials, to: served)
    }

    private func report(_ found: LocalModels) {
        let lines = reported.withLock { reported in
            found.skipped.filter { reported.count < Self.mostReports && reported.insert($0).inserted }
        }
        for line in lines { logger.warning("\(line)") }
        for model in found.models { logger.notice("found \(model.model.id) (\(model.note))") }
    }
}
