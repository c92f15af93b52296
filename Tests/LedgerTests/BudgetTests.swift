import Domain
import Testing

@testable import Ledger

@Suite struct BudgetTests {
    @Test("a reservation that fits every budget is reserved in all of them")
    func reservesInAll() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let account = Attribution(team: "t", key: "k", session: "s", job: "j", batch: "b")
            for scope in account.scopes {
                try await ledger.write {
                    try $0.setBudget(Budget(scope: scope, limit: .usd(Money(nanoUSD: 1000))), at: Sample.noon)
                }
            }
            let request = Sample.request("r", nanoUSD: 400, call: Sample.call(account: account))
            let reservation = try await ledger.reserve(request)
            #expect(reservation.warnings.isEmpty)
            let statuses = try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }
            #expect(statuses.count == 6)
            #expect(statuses.allSatisfy { $0.reserved == 400 && $0.spent == 0 && $0.left == 600 })
        }
    }

    @Test("a budget without room refuses the reservation on all levels, and the error has its figures")
    func refusesInAll() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let account = Attribution(team: "t", job: "j")
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 1000))), at: Sample.noon)
            }
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .team("t"), limit: .usd(Money(nanoUSD: 500)), window: .day), at: Sample.noon)
            }
            let call = Sample.call(account: account)
            _ = try await ledger.reserve(Sample.request("a", nanoUSD: 300, call: call))
            let refused = await #expect(throws: LedgerError.self) {
                try await ledger.reserve(Sample.request("b", nanoUSD: 201, call: call))
            }
            let refusal = try #require(refused?.refusal)
            #expect(refusal.scope == .team("t"))
            #expect(refusal.limit.amount == 500)
            #expect(refusal.reserved == 300)
            #expect(refusal.asked == 201)
            #expect(refusal.resetsAt == Timestamp("2026-11-22T00:00:00Z"))
            #expect(refusal.description.contains("team:t"))
            let statuses = try await ledger.read { try $0.budgets(of: [.global], at: Sample.noon) }
            #expect(statuses.first?.reserved == 300)
            #expect(try await ledger.read { try $0.openReservations() }.map(\.request.id) == ["a"])
        }
    }

    @Test("a budget of exactly the requested amount suffices, and one nano-dollar less does not", arguments: [0, 1])
    func exactLimit(_ missing: Int64) async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .job("job-1"), limit: .usd(Money(nanoUSD: 777 - missing))), at: Sample.noon)
            }
            let made = (try? await ledger.reserve(Sample.request("r", nanoUSD: 777))) != nil
            #expect(made == (missing == 0))
        }
    }

    @Test("a call of zero amount in a budget's unit is not refused, even if the budget is overspent")
    func takesNothing() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write { try $0.setBudget(Budget(scope: .global, limit: .joules(1)), at: Sample.noon) }
            try await ledger.write { try $0.setBudget(Budget(scope: .global, limit: .usd(.zero)), at: Sample.noon) }
            try await ledger.append(Sample.entry("edge", nanoUSD: 0, joules: 2))
            for (nanoUSD, microjoules) in [(0, 1), (1, 0)] as [(Int64, Int64)] {
                let request = Sample.request("r", nanoUSD: nanoUSD, tokens: 5, microjoules: microjoules)
                await #expect(throws: LedgerError.self) { try await ledger.reserve(request) }
            }
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 0, tokens: 5))
        }
    }

    @Test("a budget in warn mode lets the reservation pass with a warning")
    func warns() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .job("job-1"), limit: .tokens(10), mode: .warn), at: Sample.noon)
            }
            let reservation = try await ledger.reserve(Sample.request("r", nanoUSD: 1, tokens: 11))
            #expect(reservation.warnings.map(\.scope) == [.job("job-1")])
        }
    }

    @Test("spending before a budget was set counts")
    func countsThePast() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let call = Sample.call(account: Attribution(team: "t", key: "k", job: "job-1"))
            let scopes: [BudgetScope] = [.global, .team("t"), .key("k"), .job("job-1")]
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500, call: call))
            _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 450, call: call))
            _ = try await ledger.reserve(Sample.request("r2", nanoUSD: 50, call: call))
            for window in [BudgetWindow.none, .day, .week, .month, .rolling(seconds: 3600)] {
                for scope in scopes {
                    try await ledger.write {
                        try $0.setBudget(
                            Budget(scope: scope, limit: .usd(Money(nanoUSD: 1000)), window: window), at: Sample.noon)
                    }
                }
                try await ledger.write {
                    try $0.setBudget(Budget(scope: .key("other"), limit: .tokens(1)), at: Sample.noon)
                }
            }
            let statuses = try await ledger.read { try $0.budgets(of: scopes, at: Sample.noon) }
            #expect(statuses.count == 20)
            #expect(try await ledger.read { try $0.budgets(of: [.key("other")], at: Sample.noon) }.map(\.spent) == [0])
            #expect(statuses.allSatisfy { $0.spent == 450 && $0.reserved == 50 })
        }
    }

    @Test("a true cost above the reservation is booked in full and reported")
    func overrun() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 100))), at: Sample.noon)
            }
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 100))
            let settlement = try await ledger.settle("r", Sample.entry("e", nanoUSD: 130))
            #expect(settlement.overrun.money == Money(nanoUSD: 30))
            let status = try #require(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first)
            #expect(status.spent == 130)
            #expect(status.left == -30)
            await #expect(throws: LedgerError.self) {
                try await ledger.reserve(Sample.request("r2", nanoUSD: 1))
            }
        }
    }

    @Test("removing an unknown budget throws an error that names it")
    func removesOnlyWhatIsThere() async throws {
        try await TemporaryLedger.with { ledger, _ in
            await #expect(throws: LedgerError.notFound(kind: "budget", id: "key:k usd month")) {
                try await ledger.write { try $0.removeBudget(scope: .key("k"), unit: .usd, window: .month) }
            }
        }
    }

    @Test(
        "windows begin by the calendar in UTC",
        arguments: [
            (BudgetWindow.day, "2026-11-21T23:59:59Z", "2026-11-21", "2026-11-22"),
            (.week, "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-23"),
            (.week, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30"),
            (.month, "2026-12-31T23:00:00Z", "2026-12-01", "2027-01-01"),
            (.month, "2028-02-29T00:00:00Z", "2028-02-01", "2028-03-01"),
        ])
    func windows(_ window: BudgetWindow, _ moment: String, _ start: String, _ end: String) throws {
        let moment = try #require(Timestamp(moment))
        #expect(Timestamp(milliseconds: window.start(of: moment)) == Timestamp(start))
        #expect(window.end(of: moment) == Timestamp(end))
    }

    @Test("windows and scopes are read back as written")
    func texts() {
        for window in [BudgetWindow.none, .day, .week, .month, .rolling(seconds: 90)] {
            #expect(BudgetWindow(window.description) == window)
        }
        for scope in [BudgetScope.global, .team("a:b"), .key("k"), .session("s"), .job("j"), .batch("b")] {
            #expect(BudgetScope(scope.description) == scope)
        }
        #expect(BudgetWindow("rolling:0") == nil)
        #expect(BudgetScope("key:") == nil)
        #expect(BudgetScope("planet:earth") == nil)
    }

    @Test(
        "budgets are parsed in their usual spellings",
        arguments: [
            ("20/month", BudgetUnit.usd, 20_000_000_000, BudgetWindow.month), ("0.05", .usd, 50_000_000, .none),
            ("3 USD/day", .usd, 3_000_000_000, .day), ("1000000tokens/week", .tokens, 1_000_000, .week),
            ("0.5J/rolling:60", .joules, 500_000, .rolling(seconds: 60)),
        ])
    func reads(_ text: String, _ unit: BudgetUnit, _ amount: Int64, _ window: BudgetWindow) throws {
        let budget = try Budget(text, scope: .global)
        #expect(budget.limit == BudgetLimit(unit: unit, amount: amount))
        #expect(budget.window == window)
    }

    @Test(
        "an invalid budget is refused with the correct form",
        arguments: ["", "20EUR/month", "20/fortnight", "-1", "1.5tokens", "ten", "1e400J", "20/", "9999999999999"])
    func refuses(_ text: String) {
        let error = #expect(throws: LedgerError.self) { try Budget(text, scope: .global) }
        #expect(error?.description.contains("/month") == true || error?.description.contains("rolling") == true)
    }

    @Test("a currency other than USD is refused by its name", arguments: ["20EUR/month", "5 eur", "100yen/day"])
    func currency(_ text: String) {
        let error = #expect(throws: LedgerError.self) { try Budget(text, scope: .global) }
        let currency = text.contains("yen") ? "yen" : "eur"
        #expect(error?.description.contains("a budget in '\(currency)'; budgets are in USD") == true)
    }
}
