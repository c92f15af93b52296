import Domain
import Optimization
import Routing
import Testing

@testable import Batches

@Suite("Reserves of a batch row")
struct BatchReserveTests {
    /// One model for the row: its predicted accuracy and upper-bound cost.
    private struct Offer {
        var accuracy: Double
        var bound: Int64
        var rejection: String?
    }

    private static func id(_ model: Int) -> ModelID { ModelID("m\(model)") }

    /// The better reserve, then the dominated one.
    private static let order = [id(2), id(1)]

    /// One row of the models `m0`, `m1`, ...
    private func planner(_ offers: [Offer], reserves: [ModelID]) -> BatchPlanner {
        let day = CalendarDay(daysSinceEpoch: 20_000)
        let price = Price(tiers: [.standard: Rates([.input: .zero, .output: .zero])], source: "test", asOf: day)
        let models = offers.indices.map { index in
            PricedModel(
                model: Model(
                    id: Self.id(index), provider: "test",
                    endpoint: Endpoint(baseURL: "http://x", wire: .openAI, modelName: "m", keyVariable: nil),
                    placement: .cloud, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [],
                    prices: [price], slots: nil,
                    speed: Speed(
                        overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1,
                        provenance: .estimated)), price: price)
        }
        let candidates = offers.enumerated().map { index, offer in
            var candidate = Candidate(
                model: Self.id(index), placement: .cloud,
                prediction: Prediction(
                    quality: offer.accuracy, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 2),
                    basis: .prior(.small)),
                cost: CallCost(api: Money(nanoUSD: offer.bound / 2), energy: .zero, hardware: .zero),
                worstCaseCost: Money(nanoUSD: offer.bound), latencySeconds: 1, energyJoules: 0)
            candidate.rejection = offer.rejection
            return candidate
        }
        var table = BatchTable(models: models)
        let isServed = table.append(line: 1, candidates: candidates, reserves: reserves)
        #expect(isServed)
        return BatchPlanner(
            table: table, terms: BatchOptions(budget: nil, confidence: 0.5), weights: .only(.accuracy))
    }

    private func plan(_ planner: BatchPlanner, left: Money? = nil) throws -> BatchPlanner.Plan? {
        try planner.plan(
            [0], resources: BatchPlanner.Resources(left: left), bestOnly: false, timeLimit: .seconds(1))
    }

    private func machine(_ planner: BatchPlanner) throws -> BatchMachine {
        let found = try plan(planner)
        return BatchMachine(planner: planner, plan: found, budget: nil, spent: .zero, readsSpentFromLedger: false)
    }

    private static let offers = [
        Offer(accuracy: 0.7, bound: 10), Offer(accuracy: 0.6, bound: 50), Offer(accuracy: 0.95, bound: 40),
    ]

    @Test("a row goes to its reserves in their order once its planned model fails, a dominated one included")
    func order() throws {
        var machine = try machine(planner(Self.offers, reserves: Self.order))
        let first = machine.next(at: 0)
        #expect(first == .start(row: 0, model: 0), "the plan buys no reserve, although one is better")
        let isOpen = machine.refused(0, model: 0, isTooLong: false)
        #expect(isOpen)
        let second = machine.next(at: 0)
        #expect(second == .start(row: 0, model: 2))
        let isWaiting = machine.failed(0, model: 2, isBusy: false, retryAfter: nil, at: 0)
        #expect(isWaiting)
        let third = machine.next(at: 0)
        #expect(third == .start(row: 0, model: 1))
    }

    @Test("a row whose model stays busy goes to a reserve after its second try")
    func busy() throws {
        var machine = try machine(planner(Self.offers, reserves: Self.order))
        var now = 0.0
        for (model, isOpen) in [(0, true), (0, true), (2, true), (2, true), (1, false)] {
            let next = machine.next(at: now)
            #expect(next == .start(row: 0, model: model))
            let isStillOpen = machine.failed(0, model: model, isBusy: true, retryAfter: 60, at: now)
            #expect(isStillOpen == isOpen)
            now += 100
        }
    }

    @Test("a row fails when its planned model and all reserves have refused it")
    func allRefuse() throws {
        var machine = try machine(planner(Self.offers, reserves: Self.order))
        for (model, isOpen) in [(0, true), (2, true), (1, false)] {
            let next = machine.next(at: 0)
            #expect(next == .start(row: 0, model: model))
            let isStillOpen = machine.refused(0, model: model, isTooLong: false)
            #expect(isStillOpen == isOpen)
        }
    }

    @Test("a row whose money does not cover its planned model goes to no reserve")
    func money() throws {
        let planner = planner(
            [Offer(accuracy: 0.7, bound: 50), Offer(accuracy: 0.6, bound: 10)], reserves: [Self.id(1)])
        #expect(planner.table.rows[0].leastBound == Money(nanoUSD: 50))
        let isPlanned = try plan(planner, left: Money(nanoUSD: 20)) != nil
        #expect(!isPlanned)
        var machine = try machine(planner)
        machine.unaffordable(0, model: 0)
        #expect(machine.excluded == [0])
    }

    @Test("a row that has only reserves is planned on the best of them")
    func onlyReserves() throws {
        var offers = Self.offers
        offers[0].rejection = "is too small"
        let found = try plan(planner(offers, reserves: Self.order))
        #expect(found?.batch.choice == [2])
    }
}
