import Batches
import Calls
import Catalog
import Domain
import Foundation
import JSON
import Ledger
import Logging
import Routing
import ScriptedUpstream
import ServiceLifecycle
import Steps
import TestSupport
import Testing
import Upstream

/// A service's batches over a scripted provider with a batch interface and two models, one ten times as dear. A batch
/// row costs 0.4 of the standard price. The ledger outlives the service.
struct ProviderBatchService: Sendable {
    static let small = ModelID("test/small")
    static let large = ModelID("test/large")
    /// The provider's price in nano-USD per token of the small model.
    static let (inputNano, outputNano): (Int64, Int64) = (1000, 2000)
    static let batchShare = (numerator: Int64(2), denominator: Int64(5))

    let scheduler: BatchScheduler
    let stepService: StepService

    static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// Runs a body with the scripted provider and an empty ledger.
    ///
    /// - Parameters:
    ///   - script: answers ordinary calls.
    ///   - intercept: answers before `script` if it returns a reply.
    static func with(
        _ batches: ScriptedBatches,
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply = { _ in .nothing(.reset) },
        intercept: @escaping @Sendable (ScriptedRequest) -> ScriptedReply? = { _ in nil },
        _ body: (ScriptedUpstream, LedgerStore) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with { request in
            if let reply = intercept(request) ?? batches.reply(to: request) { return reply }
            return request.method == "GET" ? .models([small.rawValue, large.rawValue]) : script(request)
        } _: { models async throws in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("ledger.sqlite").path)
            try await body(models, ledger)
            await ledger.close()
        }
    }

    /// Runs a body with a running service, then shuts it down gracefully.
    ///
    /// - Parameters:
    ///   - seconds: the least remaining time for rows to go to the provider.
    ///   - policies: by name, in addition to the default one.
    ///   - missing: a model to omit from the catalog.
    static func run<Value: Sendable>(
        _ interface: ScriptedBatches.Interface?, at models: ScriptedUpstream, _ ledger: LedgerStore,
        leaving seconds: Double = 3600, rows: Int = 10_000, policies: [String: Policy] = [:],
        without missing: ModelID? = nil,
        _ body: @escaping @Sendable (ProviderBatchService) async throws -> Value
    ) async throws -> Value {
        let upstream = UpstreamClient(logger: logger)
        let keys = APIKeys(environment: ["TEST_KEY": "secret-of-tests"])
        var policy = Policy(kappa: .published)
        policy.plan.serviceTiers = [.standard, .batch]
        let stepService = StepService(
            catalog: catalog(interface, baseURL: models.baseURL, without: missing), estimator: PriorEstimator(),
            ledger: ledger,
            upstream: upstream,
            settings: Settings(
                policies: policies, defaultPolicy: policy,
                limits: ServiceLimits(
                    providerPollSeconds: 0.05, providerWindowSeconds: seconds, providerRows: rows)), keys: keys,
            logger: logger)
        let scheduler = BatchScheduler(stepService: stepService)
        let prober = HealthProber(registry: stepService.registry, upstream: upstream, keys: keys, logger: logger)
        let group = ServiceGroup(
            services: [upstream, stepService.pool, stepService.learning, scheduler], logger: logger)
        return try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                await prober.probe()
                let result: Result<Value, any Error>
                do {
                    result = .success(
                        try await body(ProviderBatchService(scheduler: scheduler, stepService: stepService)))
                } catch {
                    result = .failure(error)
                }
                await group.triggerGracefulShutdown()
                return try result.get()
            }
            var value: Value?
            for try await result in tasks { value = result ?? value }
            return try #require(value)
        }
    }

    private static func catalog(
        _ interface: ScriptedBatches.Interface?, baseURL: String, without missing: ModelID?
    ) -> ModelCatalog {
        ModelCatalog(
            models: [model(small, .medium, interface, 1, baseURL), model(large, .frontier, interface, 10, baseURL)]
                .filter { $0.id != missing },
            version: "test")
    }

    private static func model(
        _ id: ModelID, _ tier: QualityTier, _ interface: ScriptedBatches.Interface?, _ factor: Int64, _ baseURL: String
    ) -> Model {
        func rates(_ share: (numerator: Int64, denominator: Int64)) -> Rates {
            let million = 1_000_000 * factor * share.numerator / share.denominator
            return Rates([
                .input: UnitPrice(nanoUSDPerMillion: inputNano * million),
                .output: UnitPrice(nanoUSDPerMillion: outputNano * million),
            ])
        }
        let day = Timestamp.now().day
        let isAnthropic = interface == .anthropic
        return Model(
            id: id, provider: "test",
            endpoint: Endpoint(
                baseURL: baseURL, wire: isAnthropic ? .anthropic : .openAI, modelName: id.rawValue,
                keyVariable: "TEST_KEY", batches: interface.map { $0 == .openAI ? .openAI : .anthropic }),
            placement: .cloud, tier: tier, contextTokens: 100_000, maxOutputTokens: 64, capabilities: [.streaming],
            prices: [
                Price(tiers: [.standard: rates((1, 1)), .batch: rates(batchShare)], source: "test", asOf: day)
            ],
            speed: Speed(
                overheadSeconds: 0.1, prefillTokensPerSecond: 1000, decodeTokensPerSecond: 100, provenance: .estimated))
    }

    // MARK: Batches

    /// Begins a batch of rows `row-1` ... `row-N` for a model.
    func begin(
        rows: Int, model: String = small.rawValue, window: String = "24h", budget: String = "1", hera: String = ""
    ) async throws -> String {
        var file = FileWriter(
            FileRecord(
                id: "file-\(UUID())", purpose: "batch", name: "in.jsonl", byteCount: 0, createdAt: .now(),
                expiresAt: nil), in: stepService.ledger)
        try await file.write(Array(BatchClient.rows(1...rows, model: model).utf8))
        try await file.flush()
        try await stepService.ledger.write { [file] in try $0.completeFile(file.file.id, expiresAt: nil) }
        let body = """
            {"input_file_id": "\(file.file.id)", "endpoint": "/v1/chat/completions", "completion_window": "\(window)",
             "metadata": {"budget_usd": "\(budget)", "hera.confidence": "0.5"}, "hera": {\(hera)}}
            """
        let submission = try BatchSubmission(json: try JSONDocument(Array(body.utf8)).root, ifShort: .refuse)
        return try await scheduler.submit(submission, from: Caller()).id
    }

    /// The batch's document.
    func look(_ id: String) async throws -> JSONValue {
        try JSONDocument(try await scheduler.document(try await scheduler.batch(id, for: Caller())).json).root
    }

    /// Waits until the batch's document satisfies a condition.
    @discardableResult
    func wait(
        _ id: String, _ what: String = "its end",
        until isThere: @Sendable (JSONValue) throws -> Bool = {
            ["completed", "failed", "expired", "cancelled"].contains($0["status"]?.string ?? "")
        }
    ) async throws -> JSONValue {
        try await waitFor("batch \(id): \(what)") {
            let batch = try await look(id)
            return try isThere(batch) ? batch : nil
        }
    }

    /// The lines of a result file.
    func lines(_ batch: JSONValue, _ member: String) async throws -> [JSONValue] {
        guard let id = batch[member]?.string else { return [] }
        var reader = FileReader(id, in: stepService.ledger)
        var bytes: [UInt8] = []
        while let piece = try await reader.next() { bytes += piece }
        return try bytes.split(separator: 0x0a).map { try JSONDocument(Array($0)).root }
    }

    /// The batch interface's bill, at the batch tier's price.
    static func bill(_ batches: ScriptedBatches) -> Int64 {
        batches.record.bill.reduce(0) { sum, entry in
            let factor: Int64 = entry.key == large.rawValue ? 10 : 1
            let full =
                Int64(entry.value.promptTokens) * inputNano + Int64(entry.value.completionTokens) * outputNano
            return sum + full * factor * batchShare.numerator / batchShare.denominator
        }
    }
}
