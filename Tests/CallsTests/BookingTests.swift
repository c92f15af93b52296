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

@Suite("Booking while the ledger fails")
struct BookingTests {
    private struct Answer: PaidAnswer {
        var failure: UpstreamError?
        var usedTokens: Int? { nil }
        var firstByteSeconds: Double? { nil }
    }

    /// A database that fails at one point until it is repaired.
    private final class Faults: Sendable {
        let point: String
        let error: LedgerError
        private let isBroken = Mutex(false)
        private let count = Mutex(0)

        init(_ point: String, _ error: LedgerError) {
            self.point = point
            self.error = error
        }

        func set(_ broken: Bool) { isBroken.withLock { $0 = broken } }

        /// Repairs the database after it has failed some times.
        func repair(after failures: Int) async {
            while count.withLock({ $0 }) < failures { await Task.yield() }
            set(false)
        }

        var points: FaultPoints {
            FaultPoints { [self] step throws(LedgerError) in
                guard step == point, isBroken.withLock({ $0 }) else { return }
                count.withLock { $0 += 1 }
                throw error
            }
        }
    }

    private static let model = Model(
        id: "m", provider: "p",
        endpoint: Endpoint(baseURL: "http://127.0.0.1:1", wire: .openAI, modelName: "m", keyVariable: nil),
        placement: .cloud, tier: .small, contextTokens: 1000, maxOutputTokens: 100, capabilities: [], prices: [],
        speed: Speed(
            overheadSeconds: 0, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, provenance: .estimated))
    private static let planned = PlannedCall(
        runID: "run", attribution: Attribution(), model: model.id, provider: "p", placement: .cloud,
        catalogVersion: "t", predicted: .zero)
    private static let most = Amounts(money: Money(nanoUSD: 700), tokens: 5, microjoules: 2)

    private static func with(
        _ faults: Faults, _ body: (CallExecutor, LedgerStore) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("booking-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let ledger = try LedgerStore.open("sqlite:\(path)", faults: faults.points)
        let registry = ModelRegistry(catalog: ModelCatalog(models: [model], version: "t"), energy: nil)
        let calls = CallExecutor(
            registry: registry, limiter: ConcurrencyLimiter(registry: registry), upstream: UpstreamClient(),
            ledger: ledger, limits: ServiceLimits(), keys: APIKeys(environment: [:]), logger: Logger(label: "test"))
        try await body(calls, ledger)
        await ledger.close()
    }

    private static func call(_ calls: CallExecutor, failing error: UpstreamError? = nil) -> PaidCall<Answer> {
        let price = Price(
            tiers: [.standard: Rates([.input: .zero, .output: .zero])], source: "t", asOf: Timestamp.now().day)
        return PaidCall<Answer>(
            calls: calls, priced: PricedModel(model: model, price: price), planned: planned, upperBound: most
        ) { _ throws(UpstreamError) in
            if let error { throw error }
            return Answer()
        }
    }

    private static func entry(_ id: String) -> LedgerEntry {
        LedgerEntry(
            id: id, at: .now(), call: planned,
            result: CallResult(
                usage: Usage(input: 3),
                figures: CallFigures(
                    cost: CallCost(api: Money(nanoUSD: 42), energy: .zero, hardware: .zero), energyJoules: 0,
                    latencySeconds: 1)))
    }

    @Test(
        "a settlement is repeated until it is on disk, at its true cost",
        arguments: [
            LedgerError.busy(database: "d"), .diskFull(database: "d"), .unreachable("gone"),
            .database("disk I/O error"),
        ])
    func settlement(error: LedgerError) async throws {
        let faults = Faults("COMMIT", error)
        try await Self.with(faults) { calls, ledger async throws in
            guard case .answered(_, let receipt) = await Self.call(calls).run() else {
                Issue.record("no answer")
                return
            }
            faults.set(true)
            let id = receipt.reservation.id
            await withDiscardingTaskGroup { group in
                group.addTask { await calls.book(StepCommit(settlements: [(id, Self.entry(id))])) }
                group.addTask { await faults.repair(after: 2) }
            }
            let entries = try await ledger.read { try $0.entries(ofRun: "run") }
            #expect(entries.map(\.result.figures.cost.total) == [Money(nanoUSD: 42)])
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a reservation whose writing ended unknown is given back, and no server is called")
    func reservation() async throws {
        let faults = Faults("committed", .unreachable("gone"))
        try await Self.with(faults) { calls, ledger async throws in
            faults.set(true)
            async let result = Self.call(calls).run()
            await faults.repair(after: 1)
            guard case .unpaid(.unreachable) = await result else {
                Issue.record("the call was paid")
                return
            }
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.entries(ofRun: "run") }.isEmpty)
        }
    }

    @Test("failed attempts are counted by model and reason, billed or not")
    func failures() async throws {
        try await Self.with(Faults("", .busy(database: ""))) { calls, ledger async throws in
            let refused = UpstreamFailure(
                status: 500, code: nil, message: "m", retryAfterSeconds: nil, isRetryable: true)
            for error in [
                UpstreamError.status(refused), .status(refused), .malformed(host: "h", reason: "r"),
            ] {
                _ = await Self.call(calls, failing: error).run()
            }
            let now = Timestamp.now()
            let report = try await ledger.read {
                try $0.dashboard(
                    DashboardQuery(
                        from: now.advanced(bySeconds: -60), to: now.advanced(bySeconds: 60), groupBy: [.model]))
            }
            #expect(report.totals.failures == 3 && report.rows.map(\.sums.failures) == [3])
            #expect(report.failureCounts.map(\.reason) == ["http_500", "malformed"])
            #expect(report.failureCounts.map(\.count) == [2, 1])
        }
    }
}
