import Catalog
import Domain
import Ledger
import Routing
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Calls

@Suite("The concurrency limiter of a model")
struct ConcurrencyLimiterTests {
    private static let model = Model(
        id: ModelID("m"), provider: "p",
        endpoint: Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: "m", keyVariable: nil),
        placement: .edge, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [], prices: [],
        slots: 1,
        speed: Speed(
            overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))

    @Test("a key that sends many calls at once does not hold up another one's")
    func turns() async {
        let registry = ModelRegistry(catalog: ModelCatalog(models: [Self.model], version: "t"), energy: nil)
        let limiter = ConcurrencyLimiter(registry: registry)
        let order = Order()
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await limiter.withSlot(of: Self.model, for: Attribution(key: "busy")) { for await _ in gate {} }
            }
            while registry.rate(of: Self.model.id, at: .now()).busySlots == 0 { await Task.yield() }
            for (index, name) in ["busy 1", "busy 2", "busy 3", "rare 1", "busy 4", "rare 2"].enumerated() {
                group.addTask {
                    await limiter.withSlot(of: Self.model, for: Attribution(key: String(name.prefix(4)))) {
                        order.names.withLock { $0.append(name) }
                    }
                }
                while registry.rate(of: Self.model.id, at: .now()).waiting <= index { await Task.yield() }
                // It has come, and is about to stand in its line.
                try? await Task.sleep(for: .milliseconds(20))
            }
            opening.finish()
        }
        let names = order.names.withLock { $0 }
        #expect(names == ["busy 1", "rare 1", "busy 2", "rare 2", "busy 3", "busy 4"])
    }

    private final class Order: Sendable {
        let names = Mutex<[String]>([])
    }
}

@Suite("The queue of a model")
struct QueueTests {
    private static let model = Model(
        id: "m", provider: "p",
        endpoint: Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: "m", keyVariable: nil),
        placement: .edge, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [], prices: [],
        slots: 1,
        speed: Speed(
            overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))

    /// Runs a body while the model's slot is taken.
    private static func whileBusy(
        _ body: (ConcurrencyLimiter, ModelRegistry, AsyncStream<Void>.Continuation) async throws -> Void
    ) async throws {
        let registry = ModelRegistry(catalog: ModelCatalog(models: [model], version: "t"), energy: nil)
        let limiter = ConcurrencyLimiter(registry: registry)
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await limiter.withSlot(of: Self.model, for: Attribution(key: "a")) { for await _ in gate {} }
            }
            while registry.rate(of: Self.model.id, at: .now()).busySlots == 0 { await Task.yield() }
            try await body(limiter, registry, opening)
            opening.finish()
        }
    }

    private static func call(
        _ limiter: ConcurrencyLimiter, _ patience: ConcurrencyLimiter.Patience
    ) async -> UpstreamError? {
        await limiter.withSlot(of: model, for: Attribution(key: "b"), patience, orElse: { $0 }) { nil }
    }

    @Test("a call whose turn comes too late is dropped")
    func deadline() async throws {
        try await Self.whileBusy { limiter, registry, _ async throws in
            let error = await Self.call(limiter, .init(wait: .milliseconds(50)))
            guard case .timeout(.queue, _, _, _) = error else {
                Issue.record("\(error as Any)")
                return
            }
            #expect(registry.rate(of: Self.model.id, at: .now()).waiting == 0)
        }
    }

    @Test("a call that finds the queue full is refused at once, and calls whose clients left make room")
    func full() async throws {
        let hasLeft = Mutex(false)
        try await Self.whileBusy { limiter, registry, opening async throws in
            let patience = ConcurrencyLimiter.Patience(wait: .seconds(60), mostWaiting: 1) { hasLeft.withLock { $0 } }
            async let first = Self.call(limiter, patience)
            while registry.rate(of: Self.model.id, at: .now()).waiting == 0 { await Task.yield() }
            try await Task.sleep(for: .milliseconds(20))
            #expect(await Self.call(limiter, patience) == .overloaded(waiting: 1))
            hasLeft.withLock { $0 = true }
            async let second = Self.call(limiter, .init(wait: .seconds(60), mostWaiting: 1))
            #expect(await first == .cancelled)
            opening.finish()
            #expect(await second == nil)
        }
    }

    @Test("a call that would certainly come too late is refused at once")
    func shed() async throws {
        try await Self.whileBusy { limiter, registry, _ async throws in
            registry.callArrived(Self.model.id, at: .now())
            registry.callStarted(Self.model.id)
            registry.callLeft(Self.model.id, after: 30, at: .now())
            #expect(await Self.call(limiter, .init(wait: .seconds(10))) == .overloaded(waiting: 0))
        }
    }
}
