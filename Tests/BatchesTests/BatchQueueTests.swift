import Domain
import Routing
import Testing

@testable import Batches

@Suite("Batch queue")
struct BatchQueueTests {
    /// A table whose expected costs are half of `bounds` (`[row][model]`, nano-USD).
    private func table(_ bounds: [[Int64]], slots: [Int?]) -> BatchTable {
        let day = CalendarDay(daysSinceEpoch: 20_000)
        let price = Price(tiers: [.standard: Rates([.input: .zero, .output: .zero])], source: "test", asOf: day)
        let models = slots.enumerated().map { index, slots in
            PricedModel(
                model: Model(
                    id: ModelID("m\(index)"), provider: "test",
                    endpoint: Endpoint(baseURL: "http://x", wire: .openAI, modelName: "m", keyVariable: nil),
                    placement: .cloud, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [],
                    prices: [price], slots: slots,
                    speed: Speed(
                        overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1,
                        provenance: .estimated)), price: price)
        }
        var table = BatchTable(models: models)
        for (row, bounds) in bounds.enumerated() {
            let candidates = bounds.enumerated().map { model, bound in
                Candidate(
                    model: ModelID("m\(model)"), placement: .cloud,
                    prediction: Prediction(
                        quality: 0.5, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 2), basis: .prior(.small)),
                    cost: CallCost(api: Money(nanoUSD: bound / 2), energy: .zero, hardware: .zero),
                    worstCaseCost: Money(nanoUSD: bound), latencySeconds: 1, energyJoules: 0)
            }
            let isServed = table.append(line: Int64(row + 1), candidates: candidates)
            #expect(isServed)
        }
        return table
    }

    @Test("rows start in falling order of their upper bound, within the slots of the model and the batch's concurrency")
    func orderAndWidths() {
        var queue = BatchQueue(table: table([[10, 0], [30, 0], [20, 0], [0, 5]], slots: [2, nil]), concurrency: 3)
        queue.assign([(0, 0), (1, 0), (2, 0), (3, 1)])
        let next1 = queue.next(left: nil, at: 0)
        #expect(next1 == .start(row: 1, model: 0))
        let next2 = queue.next(left: nil, at: 0)
        #expect(next2 == .start(row: 3, model: 1))
        let next3 = queue.next(left: nil, at: 0)
        #expect(next3 == .start(row: 2, model: 0))
        let next4 = queue.next(left: nil, at: 0)
        #expect(next4 == .wait(until: nil))
        queue.ended(3)
        let next5 = queue.next(left: nil, at: 0)
        #expect(next5 == .wait(until: nil), "the model's two slots are taken")
        queue.ended(1)
        let next6 = queue.next(left: nil, at: 0)
        #expect(next6 == .start(row: 0, model: 0))
        let next7 = queue.next(left: nil, at: 0)
        #expect(next7 == .empty)
        #expect(queue.reserved == Money(nanoUSD: 30))
    }

    @Test("a row starts only when its upper bound fits the money not reserved by calls in flight")
    func money() {
        var queue = BatchQueue(table: table([[10], [8]], slots: [nil]), concurrency: 9)
        queue.assign([(0, 0), (1, 0)])
        let next8 = queue.next(left: Money(nanoUSD: 17), at: 0)
        #expect(next8 == .start(row: 0, model: 0))
        let next9 = queue.next(left: Money(nanoUSD: 17), at: 0)
        #expect(next9 == .wait(until: nil))
        queue.ended(0)
        let next10 = queue.next(left: Money(nanoUSD: 7), at: 0)
        #expect(next10 == .unaffordable(row: 1, model: 0))
        let next11 = queue.next(left: Money(nanoUSD: 7), at: 0)
        #expect(next11 == .empty, "a row that is too dear is not offered again")
    }

    @Test("a failed model backs off exponentially or for Retry-After, and a success resets the backoff")
    func rests() {
        var queue = BatchQueue(table: table([[1], [1]], slots: [nil]), concurrency: 9)
        queue.assign([(0, 0), (1, 0)])
        queue.failed(0, retryAfter: nil, at: 0)
        let next12 = queue.next(left: nil, at: 0.4)
        #expect(next12 == .wait(until: 0.5))
        queue.failed(0, retryAfter: 7, at: 0.5)
        let next13 = queue.next(left: nil, at: 2)
        #expect(next13 == .wait(until: 7.5))
        let next14 = queue.next(left: nil, at: 7.5)
        #expect(next14 == .start(row: 0, model: 0))
        queue.succeeded(0)
        queue.failed(0, retryAfter: nil, at: 8)
        let next15 = queue.next(left: nil, at: 8.1)
        #expect(next15 == .wait(until: 8.5))
    }
}
