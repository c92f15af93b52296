import Domain
import Foundation
import Ledger
import Synchronization

/// Reservations and settlements a second: `Benchmarks ledger [LOCATION [NODES [PAIRS]]]`.
///
/// 64 callers, each of which reserves, settles and begins again, on budgets of a month for the global scope, a team and
/// a key: every call is on the first, so that it is as hot as a budget can be. Models, keys, stages and texts differ from
/// call to call as in real traffic. The location is a new SQLite file where none is given; `postgres://...` has to name
/// an empty database. NODES are stores of their own on the same database, in this process.
enum LedgerBenchmark {
    static let callers = 64

    static func run(_ arguments: [String]) async {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-ledger-\(UUID())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let location = arguments.first ?? "sqlite:\(folder.path)/ledger.sqlite"
        let nodes = arguments.dropFirst().first.flatMap { Int($0) } ?? 1
        let pairs = arguments.dropFirst(2).first.flatMap { Int($0) } ?? 20_000
        do {
            try await measure(location, nodes: max(nodes, 1), pairs: pairs)
        } catch {
            print("the ledger at \(location): \(error)")
            PlanClock.fail()
        }
    }

    private static func measure(_ location: String, nodes: Int, pairs: Int) async throws {
        let ledgers = try (0..<nodes).map { _ in try LedgerStore.open(location) }
        for scope in [BudgetScope.global, .team("team-0"), .key("key-0")] {
            let limit = BudgetLimit.usd(Money(nanoUSD: .max))
            try await ledgers[0].write {
                try $0.setBudget(Budget(scope: scope, limit: limit, window: .month), at: .now())
            }
        }
        let clock = ContinuousClock()
        let before = PlanClock.cpuSeconds
        var times: [Double] = []
        let wall = try await clock.measure {
            times = try await withThrowingTaskGroup(of: [Double].self) { group in
                for caller in 0..<callers {
                    let ledger = ledgers[caller % nodes]
                    group.addTask { try await drive(ledger, caller: caller, pairs: pairs / callers, clock) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        let cpu = PlanClock.cpuSeconds - before
        let done = Double(pairs / callers * callers)
        let seconds = Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18
        times.sort()
        let figure = { (share: Double) in
            String(format: "%.1f", times[min(Int(Double(times.count) * share), times.count - 1)] * 1000)
        }
        print(
            "\(location.prefix(8))... \(nodes) node(s), \(callers) callers, \(Int(done)) pairs: "
                + "\(Int(done / seconds)) pairs/s, \(Int(done / cpu)) per CPU second of this process; "
                + "an operation p50 \(figure(0.5)) ms, p99 \(figure(0.99)) ms, most \(figure(1)) ms")
        guard try await ledgers[0].read({ try $0.verify() }).isSound else {
            print("the books do not verify")
            PlanClock.fail()
        }
        for ledger in ledgers { await ledger.close() }
    }

    /// Pairs of one caller, one after the other; seconds of each operation.
    private static func drive(
        _ ledger: LedgerStore, caller: Int, pairs: Int, _ clock: ContinuousClock
    ) async throws -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(pairs * 2)
        for round in 0..<pairs {
            let number = round * callers + caller
            let id = "call_01KAKB4Z9Q" + padded(number)
            let planned = call(number)
            let bound = Amounts(money: Money(nanoUSD: 2_000_000))
            var start = clock.now
            _ = try await ledger.reserve(
                ReservationRequest(id: id, at: .now(), call: planned, upperBound: bound))
            times.append(seconds(start.duration(to: clock.now)))
            start = clock.now
            _ = try await ledger.settle(
                id, LedgerEntry(id: id, at: .now(), call: planned, result: result(number)))
            times.append(seconds(start.duration(to: clock.now)))
        }
        return times
    }

    private static func call(_ number: Int) -> PlannedCall {
        let models = [
            "openai/gpt-4.1", "openai/gpt-4.1-mini", "anthropic/claude-sonnet", "google/gemini-flash",
            "local/qwen-1.5b", "local/smollm2-135m", "mistral/small", "deepseek/v3",
        ]
        let model = models[(number &* 7 &+ number / 3) % models.count]
        let run = "01KAKB4Z9Q" + padded(number / 8)
        return PlannedCall(
            runID: "run_" + run,
            attribution: Attribution(
                team: "team-\(number % 3)", key: "key-\(number % 10)", job: number % 2 == 0 ? "job_" + run : nil),
            decisionID: "dec_01KAKB4Z9Q" + padded(number), model: ModelID(model),
            provider: String(model.prefix { $0 != "/" }), placement: model.hasPrefix("local") ? .edge : .cloud,
            stage: [Stage.urc, .sse, .plan, .reference][number % 4], policy: number % 2 == 0 ? "thrifty" : nil,
            catalogVersion: "2026-11-21.1", priceAsOf: CalendarDay(daysSinceEpoch: 20_778),
            predicted: figures(912_345, joules: 12.3, seconds: 1.2),
            baseline: Baseline(model: ModelID("openai/gpt-4.1"), figures: figures(9_912_345, joules: 120.3, seconds: 3))
        )
    }

    private static func result(_ number: Int) -> CallResult {
        CallResult(
            servedModel: "m-2026-\(number % 8)",
            usage: Usage(input: 1200 + number % 500, cachedRead: number % 300, output: 150 + number % 90),
            figures: figures(
                900_000 + Int64(number % 100_000), joules: 11.5,
                seconds: 0.3 + Double((number &* 7919) % 5_000_000) / 1e6), firstTokenSeconds: 0.21, httpStatus: 200)
    }

    private static func figures(_ nanoUSD: Int64, joules: Double, seconds: Double) -> CallFigures {
        CallFigures(
            cost: CallCost(api: Money(nanoUSD: nanoUSD), energy: .zero, hardware: .zero), energyJoules: joules,
            latencySeconds: seconds)
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(12 - text.utf8.count, 0)) + text
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
