import Catalog
import Domain
import Foundation
import Ledger
import Logging
import Routing
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Calls

@Suite("A paid call")
struct PaidCallTests {
    private struct Answer: PaidAnswer {
        var failure: UpstreamError?
        var usedTokens: Int? { nil }
        var firstByteSeconds: Double? { nil }
    }

    private static let model = Model(
        id: ModelID("m"), provider: "p",
        endpoint: Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: "m", keyVariable: nil),
        placement: .cloud, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [], prices: [],
        speed: Speed(
            overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
    private static let most = Amounts(money: Money(nanoUSD: 700), tokens: 5, microjoules: 2_000_000)
    private static let broken = UpstreamError.reset(host: "h", bytesReceived: 0)

    /// The outcome of a call, the number of its tries, and the ledger afterwards.
    private struct Run {
        var result: PaidCall<Answer>.Result
        var tries: Int
        var open: Int
        var entries: [LedgerEntry]
        var registry: ModelRegistry
    }

    /// What a paid call needs, over a ledger of its own.
    private struct Stage {
        let ledger: LedgerStore
        let registry: ModelRegistry
        let calls: CallExecutor
        let priced: PricedModel
        let planned: PlannedCall
    }

    private static func withStage<Value>(
        of model: Model, _ body: (Stage) async throws -> Value
    ) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("paid-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let ledger = try LedgerStore.sqlite(path: path)
        let registry = ModelRegistry(catalog: ModelCatalog(models: [model], version: "t"), energy: nil)
        let calls = CallExecutor(
            registry: registry, limiter: ConcurrencyLimiter(registry: registry), upstream: UpstreamClient(),
            ledger: ledger, limits: ServiceLimits(), keys: APIKeys(environment: [:]), logger: Logger(label: "test"))
        let price = Price(
            tiers: [.standard: Rates([.input: .zero, .output: .zero])], source: "t", asOf: Timestamp.now().day)
        let value = try await body(
            Stage(
                ledger: ledger, registry: registry, calls: calls, priced: PricedModel(model: model, price: price),
                planned: PlannedCall(
                    runID: "run", attribution: Attribution(), model: model.id, provider: "p", placement: .cloud,
                    catalogVersion: "t", predicted: .zero)))
        await ledger.close()
        return value
    }

    /// Makes a call of a model.
    private static func call(
        of model: Model, hedge: HedgeRule,
        _ perform: @escaping @Sendable (CallStart) async throws(UpstreamError) -> Answer
    ) async throws -> PaidCall<Answer>.Result {
        try await withStage(of: model) { stage in
            await PaidCall<Answer>(
                calls: stage.calls, priced: stage.priced, planned: stage.planned, upperBound: most, hedge: hedge,
                perform: perform
            ).run()
        }
    }

    /// Makes a call whose tries end in `failures`, then in an answer.
    private static func run(
        _ failures: [UpstreamError], budget: Money? = nil, isAbandoned: Bool = false, hasRetries: Bool = true
    ) async throws -> Run {
        try await withStage(of: model) { stage in
            let (ledger, registry) = (stage.ledger, stage.registry)
            if let budget {
                try await ledger.write { try $0.setBudget(Budget(scope: .global, limit: .usd(budget)), at: .now()) }
            }
            if !hasRetries { while registry.takeRetry(model.id, at: .now()) {} }
            let tries = Mutex(0)
            let call = PaidCall<Answer>(
                calls: stage.calls, priced: stage.priced, planned: stage.planned, upperBound: most,
                failedBaseline: Baseline(model: model.id, figures: .zero), isAbandoned: { isAbandoned }
            ) { _ throws(UpstreamError) in
                let number = tries.withLock { number in
                    number += 1
                    return number
                }
                if number <= failures.count { throw failures[number - 1] }
                return Answer()
            }
            let result = await call.run()
            let (open, entries) = try await ledger.read { transaction in
                (try transaction.openReservations().count, try transaction.entries(ofRun: "run"))
            }
            return Run(result: result, tries: tries.withLock { $0 }, open: open, entries: entries, registry: registry)
        }
    }

    @Test("an answer stays reserved for its owner to settle, by the id of its receipt")
    func answered() async throws {
        let run = try await Self.run([])
        guard case .answered(_, let receipt) = run.result else { throw run.result.unexpected }
        #expect(run.tries == 1 && run.open == 1 && run.entries.isEmpty)
        #expect(receipt.reservation.upperBound == Self.most && receipt.joules == nil)
        #expect(run.registry.rate(of: Self.model.id, at: .now()).errorRate == 0)
    }

    @Test("a failure that cannot have been billed is released")
    func released() async throws {
        let run = try await Self.run([.connect(host: "h", reason: "refused")])
        guard case .failed(.connect, _) = run.result else { throw run.result.unexpected }
        #expect(run.tries == 1 && run.open == 0 && run.entries.isEmpty)
        #expect(run.registry.rate(of: Self.model.id, at: .now()).errorRate > 0)
    }

    @Test("a failure that may have been billed is booked as uncertain at the upper bound, compared with nothing")
    func uncertain() async throws {
        let run = try await Self.run([.malformed(host: "h", reason: "no JSON")])
        guard case .failed(.malformed, _) = run.result else { throw run.result.unexpected }
        #expect(run.tries == 1 && run.open == 0 && run.entries.count == 1)
        let entry = try #require(run.entries.first)
        #expect(entry.kind == .uncertain && entry.result.outcome == .failed)
        #expect(entry.result.figures.cost.total == Self.most.money && entry.result.figures.energyJoules == 2)
        #expect(entry.call.baseline?.figures == .zero)
    }

    @Test("a connection that broke before the first byte is tried once more, each try paid by itself")
    func secondTry() async throws {
        let recovered = try await Self.run([Self.broken])
        guard case .answered = recovered.result else { throw recovered.result.unexpected }
        #expect(recovered.tries == 2 && recovered.open == 1 && recovered.entries.map(\.kind) == [.uncertain])
        let twice = try await Self.run([Self.broken, Self.broken, Self.broken])
        guard case .failed(Self.broken, _) = twice.result else { throw twice.result.unexpected }
        #expect(twice.tries == 2 && twice.open == 0 && twice.entries.count == 2)
    }

    @Test("without a budget of retries there is no second try, and the error says so")
    func outOfRetries() async throws {
        let run = try await Self.run([Self.broken], hasRetries: false)
        guard case .failed(.outOfRetries(Self.broken), _) = run.result else { throw run.result.unexpected }
        #expect(run.tries == 1 && run.open == 0 && run.entries.map(\.kind) == [.uncertain])
        let error = UpstreamError.outOfRetries(
            .status(
                UpstreamFailure(
                    status: 429, code: nil, message: "slow down", retryAfterSeconds: 7, isRetryable: true)))
        #expect("\(error)".hasSuffix("the budget of retries of this model is used up."))
        #expect(error.retryAfterSeconds == 7 && UpstreamVerdict([error]) == .rateLimited)
        #expect(UpstreamVerdict([.outOfRetries(Self.broken)]) == .failed)
    }

    @Test("a second try without money leaves the first one's error")
    func unpaidSecondTry() async throws {
        let run = try await Self.run([Self.broken], budget: Money(nanoUSD: 1000))
        guard case .failed(Self.broken, _) = run.result else { throw run.result.unexpected }
        #expect(run.tries == 1 && run.open == 0 && run.entries.count == 1)
    }

    @Test("an endpoint that got the second request counts as tried")
    func hedgedEndpoints() async throws {
        let endpoints = ["a", "b", "c"].map { name in
            ModelEndpoint(
                Endpoint(baseURL: "http://\(name).test/v1", wire: .openAI, modelName: "m", keyVariable: nil), name: name
            )
        }
        let model = Model(
            id: ModelID("m"), provider: "p", endpoints: endpoints, placement: .cloud, tier: .small, contextTokens: 1000,
            maxOutputTokens: 100, capabilities: [], prices: [], speed: Self.model.speed)
        let asked = Mutex<[String]>([])
        let (second, continuation) = AsyncStream.makeStream(of: Void.self)
        let result = try await Self.call(of: model, hedge: HedgeRule(wait: .seconds(0.01), mostShare: 1)) {
            (start) async throws(UpstreamError) -> Answer in
            let count = asked.withLock { asked in
                asked.append(start.endpoint.baseURL)
                return asked.count
            }
            // The first request waits for the second one beside it, and both fail.
            if count == 1 { for await _ in second { break } } else { continuation.yield() }
            throw UpstreamError.connect(host: "h", reason: "refused")
        }
        guard case .failed(.connect, let tried) = result else { throw result.unexpected }
        let names = asked.withLock { $0 }
        #expect(names.count == 3 && Set(names).count == 3, "\(names)")
        #expect(tried.sorted() == ["a", "b", "c"])
    }

    @Test("without money, or a reader, no server is called")
    func uncalled() async throws {
        let unpaid = try await Self.run([], budget: Money(nanoUSD: 699))
        guard case .unpaid(.budgetExceeded) = unpaid.result else { throw unpaid.result.unexpected }
        let abandoned = try await Self.run([], isAbandoned: true)
        guard case .failed(.cancelled, _) = abandoned.result else { throw abandoned.result.unexpected }
        for run in [unpaid, abandoned] { #expect(run.tries == 0 && run.open == 0 && run.entries.isEmpty) }
    }
}

/// A result of another kind than the one that was expected.
private struct UnexpectedResult: Error, CustomStringConvertible {
    let description: String
}

extension PaidCall.Result {
    fileprivate var unexpected: UnexpectedResult { UnexpectedResult(description: "\(self)") }
}
