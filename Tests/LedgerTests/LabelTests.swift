import Domain
import Testing

@testable import Ledger

/// Budgets and sums of end users and of tags.
@Suite struct LabelTests {
    private static func call(_ user: String?, _ tags: [String] = [], key: String = "k") -> PlannedCall {
        Sample.call(account: Attribution(key: key, labels: CallLabels(user: user, kept: tags)))
    }

    private static func set(_ scope: BudgetScope, _ nanoUSD: Int64, on ledger: LedgerStore) async throws {
        try await ledger.write {
            try $0.setBudget(
                Budget(scope: scope, limit: .usd(Money(nanoUSD: nanoUSD)), window: .day), at: Sample.noon)
        }
    }

    private static func status(_ scope: BudgetScope, _ ledger: LedgerStore) async throws -> BudgetStatus? {
        try await ledger.read { try $0.budgets(of: [scope], at: Sample.noon) }.first
    }

    /// Reserves and settles calls until one is refused; returns the number of those that were made.
    private static func spend(_ call: PlannedCall, on ledger: LedgerStore, named name: String) async throws -> Int {
        for number in 0..<50 {
            do {
                _ = try await ledger.reserve(Sample.request("\(name)\(number)", nanoUSD: 100, call: call))
            } catch {
                _ = try #require(error.refusal, "\(error)")
                return number
            }
            _ = try await ledger.settle(
                "\(name)\(number)", Sample.entry("\(name)\(number)", nanoUSD: 100, call: call))
        }
        return 50
    }

    private static func with(
        _ isServer: Bool, _ body: @Sendable (LedgerStore) async throws -> Void
    ) async throws {
        guard isServer else { return try await TemporaryLedger.with { ledger, _ in try await body(ledger) } }
        guard TemporaryPostgreSQL.isAvailable else { return }
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await body(ledger)
            await ledger.close()
        }
    }

    @Test("a call is reserved and booked on its user and each of its tags, and on no other", arguments: [false, true])
    func scopes(onPostgreSQL: Bool) async throws {
        try await Self.with(onPostgreSQL) { ledger in
            let scopes: [BudgetScope] = [.user("ann"), .tag("nightly"), .tag("project=red")]
            let others: [BudgetScope] = [.user("bob"), .tag("project=blue"), .tag("project")]
            for scope in scopes + others { try await Self.set(scope, 1000, on: ledger) }
            let call = Self.call("ann", ["nightly", "project=red"])
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 400, call: call))
            for scope in scopes { #expect(try await Self.status(scope, ledger)?.reserved == 400) }
            #expect(try await ledger.read { try $0.openReservations() }.map(\.request.call) == [call])
            _ = try await ledger.settle("r", Sample.entry("e", nanoUSD: 300, call: call))
            for scope in scopes {
                #expect(try await Self.status(scope, ledger)?.spent == 300)
                #expect(try await Self.status(scope, ledger)?.reserved == 0)
            }
            for scope in others { #expect(try await Self.status(scope, ledger)?.left == 1000) }
            #expect(try await ledger.read { try $0.entry("e") }?.call.attribution == call.attribution)
            let refused = await #expect(throws: LedgerError.self) {
                try await ledger.reserve(
                    Sample.request("s", nanoUSD: 701, call: Self.call(nil, ["project=red"], key: "other")))
            }
            #expect(refused?.refusal?.scope == .tag("project=red"))
            // A budget that comes later knows what was spent before.
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .tag("nightly"), limit: .tokens(9), window: .month), at: Sample.noon)
            }
            let known = try await ledger.read { try $0.budgets(of: [.tag("nightly")], at: Sample.noon) }
            #expect(known.map(\.spent).sorted() == [130, 300])
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("each user has the default budget for itself, what it spent before included", arguments: [false, true])
    func defaults(onPostgreSQL: Bool) async throws {
        try await Self.with(onPostgreSQL) { ledger in
            _ = try await ledger.reserve(Sample.request("before", nanoUSD: 100, call: Self.call("ann")))
            _ = try await ledger.settle("before", Sample.entry("before", nanoUSD: 100, call: Self.call("ann")))
            try await Self.set(.eachUser, 500, on: ledger)
            try await Self.set(.user("own"), 200, on: ledger)
            #expect(try await Self.spend(Self.call("ann"), on: ledger, named: "a") == 4)
            #expect(try await Self.spend(Self.call("bob", ["x"]), on: ledger, named: "b") == 5)
            #expect(try await Self.spend(Self.call("own"), on: ledger, named: "o") == 2)
            #expect(try await Self.spend(Self.call(nil), on: ledger, named: "n") == 50)
            // A new default holds for all that have no budget of their own.
            try await Self.set(.eachUser, 700, on: ledger)
            #expect(try await Self.spend(Self.call("bob"), on: ledger, named: "b2") == 2)
            #expect(try await Self.spend(Self.call("own"), on: ledger, named: "o2") == 0)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            try await ledger.write { try $0.removeBudget(scope: .eachUser, unit: .usd, window: .day) }
            #expect(try await Self.spend(Self.call("bob"), on: ledger, named: "b3") == 50)
            let left = try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.map(\.budget.scope)
            #expect(left == [.user("own")])
        }
    }

    @Test("a user's first calls at the same time pass the default budget no more than later ones")
    func firstCallsTogether() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.set(.eachUser, 1000, on: ledger)
            let made = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let call = Self.call(number.isMultiple(of: 2) ? "ann" : "bob")
                        let request = Sample.request("r\(number)", nanoUSD: 100, call: call)
                        return (try? await ledger.reserve(request)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 20)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("a call whose process died is booked on its user and its tags")
    func recovered() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let dead = try place.open()
        for scope in [BudgetScope.user("ann"), .tag("x")] { try await Self.set(scope, 1000, on: dead) }
        _ = try await dead.reserve(Sample.request("r", nanoUSD: 400, call: Self.call("ann", ["x"])))
        await dead.close()
        let ledger = try place.open()
        #expect(try await ledger.recover(at: Sample.noon).map(\.call.attribution.labels.user) == ["ann"])
        for scope in [BudgetScope.user("ann"), .tag("x")] {
            #expect(try await Self.status(scope, ledger)?.spent == 400)
        }
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        await ledger.close()
    }

    @Test("rows of tags may overlap, and the totals count each call once")
    func dashboards() async throws {
        try await TemporaryLedger.with { ledger, _ in
            for (number, tags) in [["a", "b"], ["b"], []].enumerated() {
                try await ledger.append(
                    Sample.entry("e\(number)", nanoUSD: 10, call: Self.call("u\(number)", tags)))
            }
            let query = DashboardQuery(
                from: Sample.noon, to: Sample.noon.advanced(bySeconds: 1), groupBy: [.tag])
            let report = try await ledger.read { try $0.dashboard(query) }
            #expect(report.rows.map { $0.keys[0] } == ["b", "", "a"])
            #expect(report.rows.map(\.sums.cost.total.nanoUSD) == [20, 10, 10])
            #expect(report.totals.cost.total.nanoUSD == 30 && report.totals.calls == 3)
        }
    }

    @Test("jobs and batches keep their labels")
    func work() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let labels = CallLabels(user: "ann", kept: ["a", "b=c"])
            let job = JobRecord(
                id: "j", status: .queued, spec: [1], state: [1], attribution: Attribution(job: "j", labels: labels),
                createdAt: Sample.noon, updatedAt: Sample.noon)
            let batch = BatchRecord(
                id: "b", status: .validating, endpoint: "/v1/chat/completions",
                attribution: Attribution(batch: "b", labels: labels), createdAt: Sample.noon, updatedAt: Sample.noon)
            try await ledger.write {
                try $0.saveJob(job)
                try $0.saveBatch(batch)
            }
            #expect(try await ledger.read { try $0.job("j") }?.attribution == job.attribution)
            #expect(try await ledger.read { try $0.batch("b") }?.attribution == batch.attribution)
        }
    }
}
