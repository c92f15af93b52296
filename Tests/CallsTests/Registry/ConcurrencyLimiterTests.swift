import Catalog
import Domain
import Ledger
import Routing
import Synchronization
import TestSupport
import Testing

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
