import Domain
import Testing

@testable import Ledger

@Suite struct ConcurrencyTests {
    @Test("of 64 tasks on one budget exactly as many succeed as it allows")
    func hotBudget() async throws {
        try await TemporaryLedger.with { ledger, _ in
            // 100 calls of 1,000 nano-USD and a rest that is one nano-USD short of another call.
            let limit: Int64 = 100 * 1000 + 999
            try await ledger.write {
                try $0.setBudget(Budget(scope: .key("k"), limit: .usd(Money(nanoUSD: limit))), at: Sample.noon)
            }
            let call = Sample.call(account: Attribution(key: "k"))
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        var made = 0
                        for attempt in 0..<4 {
                            let id = "r-\(task)-\(attempt)"
                            do {
                                _ = try await ledger.reserve(Sample.request(id, nanoUSD: 1000, call: call))
                            } catch {
                                _ = try #require((error as? LedgerError)?.refusal)
                                continue
                            }
                            made += 1
                            _ = try await ledger.settle(id, Sample.entry(id, nanoUSD: 1000, call: call))
                        }
                        return made
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(made == 100)
            let status = try #require(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first)
            #expect(status.spent == 100_000)
            #expect(status.reserved == 0)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    @Test("two stores on one file never exceed a shared budget")
    func twoStores() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let stores = [try place.open(), try place.open()]
        try await stores[0].write {
            try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 50))), at: Sample.noon)
        }
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<40 {
                group.addTask {
                    var made = 0
                    for attempt in 0..<2 {
                        let request = Sample.request("r-\(task)-\(attempt)", nanoUSD: 1)
                        if (try? await stores[task % 2].reserve(request)) != nil { made += 1 }
                    }
                    return made
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(made == 50)
        #expect(try await stores[1].read { try $0.budgets(of: nil, at: Sample.noon) }.first?.reserved == 50)
        for store in stores { await store.close() }
    }

    @Test("a refused operation undoes nothing of the others in its transaction")
    func isolation() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .job("poor"), limit: .usd(.zero)), at: Sample.noon)
            }
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let job = index % 3 == 0 ? "poor" : "rich-\(index)"
                        let call = Sample.call(run: "run-\(index)", account: Attribution(job: job))
                        do {
                            _ = try await ledger.reserve(Sample.request("r\(index)", nanoUSD: 5, call: call))
                            return false
                        } catch {
                            _ = try #require((error as? LedgerError)?.refusal)
                            return true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 67)
            let open = try await ledger.read { try $0.openReservations() }
            #expect(open.count == 133)
            #expect(Set(open.map(\.request.call.runID)).count == 133)
            #expect(open.allSatisfy { $0.request.call.runID == "run-\($0.request.id.dropFirst())" })
        }
    }

    @Test("a budget that is set while its scope spends counts every call, even in the same transaction")
    func setWhileSpending() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    group.addTask {
                        let key = "k\(index % 5)"
                        if index % 10 < 3 {
                            let unit = BudgetUnit.allCases[index % 3]
                            try await ledger.write {
                                try $0.setBudget(
                                    Budget(
                                        scope: .key(key), limit: BudgetLimit(unit: unit, amount: .max), window: .day),
                                    at: Sample.noon)
                            }
                        } else {
                            let call = Sample.call(account: Attribution(key: key))
                            try await ledger.append(Sample.entry("e\(index)", nanoUSD: 1, call: call))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            let spent = try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.filter {
                $0.budget.limit.unit == .usd
            }
            // Three of the five keys get budgets, and each of these makes 30 calls.
            #expect(spent.count == 3)
            #expect(spent.allSatisfy { $0.spent == 30 })
        }
    }
}
