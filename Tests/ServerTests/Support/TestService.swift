import Batches
import Calls
import Catalog
import Domain
import Foundation
import JSON
import Jobs
import Ledger
import Logging
import Routing
import ScriptedUpstream
import Server
import ServiceLifecycle
import Steps
import Synchronization
import TestSupport
import Upstream

/// The whole service on loopback, over a scripted model server and a ledger of its own.
struct TestService {
    let port: Int
    let stepService: StepService
    let models: ScriptedUpstream
    /// The project's HTTP client.
    let client: UpstreamClient

    /// Runs a body against a service, then shuts it down gracefully.
    static func with(
        settings: Settings = Settings(), key: String? = nil, estimator: any Estimating = PriorEstimator(),
        catalog: @escaping @Sendable (String, CalendarDay) -> ModelCatalog = TestModels.catalog,
        tracer: SpanTracer? = nil,
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(TestModels.served) : script(request)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let ledger = try LedgerStore.sqlite(
                path: folder.appendingPathComponent("ledger.sqlite").path, durability: settings.durability)
            let catalog = catalog(models.baseURL, Timestamp.now().day)
            try await run(
                models, catalog: catalog, ledger: ledger, settings: settings, key: key, estimator: estimator,
                tracer: tracer, body)
            await ledger.close()
        }
    }

    /// - Parameter isPriced: whether the default policy keeps `max_loss`; else it is HERA's published rule, whose choices
    ///   most tests of HTTP rest on.
    static func run(
        _ models: ScriptedUpstream, catalog: ModelCatalog? = nil, ledger: LedgerStore, settings: Settings, key: String?,
        estimator: any Estimating, isPriced: Bool = false, tracer: SpanTracer? = nil,
        _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let upstream = UpstreamClient(logger: logger)
        let client = UpstreamClient(logger: logger)
        var settings = settings
        if !isPriced { settings.defaultPolicy.kappa = .published }
        let stepService = StepService(
            catalog: catalog ?? TestModels.catalog(baseURL: models.baseURL, today: Timestamp.now().day),
            estimator: estimator, ledger: ledger, upstream: upstream, settings: settings,
            keys: APIKeys(environment: [:]), tracer: tracer, logger: logger)
        let scheduler = JobScheduler(stepService: stepService)
        let batches = BatchScheduler(stepService: stepService)
        let prober = HealthProber(
            registry: stepService.registry, upstream: upstream, keys: APIKeys(environment: [:]),
            servers: settings.servers, logger: logger)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let service = HTTPService(
            stepService: stepService, scheduler: scheduler, batches: batches, host: "127.0.0.1", port: 0, key: key,
            needsKey: key != nil,
            logger: logger
        ) {
            port in
            await prober.probe()
            listening.yield(port)
        }
        let group = ServiceGroup(
            services: [client, upstream, stepService.pool, stepService.learning, scheduler, batches, service],
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                var iterator = ports.makeAsyncIterator()
                guard let port = await iterator.next() else { return }
                let result: Result<Void, any Error>
                do {
                    try await body(TestService(port: port, stepService: stepService, models: models, client: client))
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await group.triggerGracefulShutdown()
                try result.get()
            }
            try await tasks.waitForAll()
        }
    }

    /// Sends a request and returns the response's body as text.
    func send(
        _ method: String, _ path: String, body: String = "", headers: [(String, String)] = []
    ) async throws -> (status: Int, text: String, headers: UpstreamHeaders) {
        let response = try await client.send(
            UpstreamRequest(
                method: method, url: "http://127.0.0.1:\(port)\(path)",
                headers: [("content-type", "application/json")] + headers, body: Array(body.utf8)))
        let bytes = try await response.collect(upTo: 16 << 20)
        return (response.status, String(decoding: bytes, as: UTF8.self), response.headers)
    }

    /// Sends a request and parses the response as JSON.
    func json(_ method: String, _ path: String, body: String = "") async throws -> (status: Int, root: JSONValue) {
        let answer = try await send(method, path, body: body)
        return (answer.status, try JSONDocument(Array(answer.text.utf8)).root)
    }

    /// Waits until a job has one of the statuses and returns its document.
    func job(_ id: String, reaches states: [String]) async throws -> JSONValue {
        try await waitFor("job \(id) to become \(states)") {
            let job = try await json("GET", "/v1/jobs/\(id)").root
            return states.contains(job["status"]?.string ?? "") ? job : nil
        }
    }
}

extension TestService {
    /// Runs a body against several services on one database and one scripted model server.
    static func withNodes(
        _ count: Int, settings: Settings = Settings(), estimator: any Estimating = PriorEstimator(),
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable ([TestService]) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(["test/cheap", "test/dear"]) : script(request)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appendingPathComponent("ledger.sqlite").path
            try await start(count, after: [], path, models, settings, estimator, body)
        }
    }

    private static func start(
        _ count: Int, after nodes: [TestService], _ path: String, _ models: ScriptedUpstream, _ settings: Settings,
        _ estimator: any Estimating, _ body: @escaping @Sendable ([TestService]) async throws -> Void
    ) async throws {
        if nodes.count == count { return try await body(nodes) }
        let ledger = try LedgerStore.sqlite(path: path, durability: settings.durability)
        try await run(models, ledger: ledger, settings: settings, key: nil, estimator: estimator) { node async throws in
            try await start(count, after: nodes + [node], path, models, settings, estimator, body)
        }
        await ledger.close()
    }
}
