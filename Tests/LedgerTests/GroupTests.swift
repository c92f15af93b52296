import Domain
import Testing

@testable import Ledger

/// Operations that share a transaction.
@Suite(.serialized)
struct GroupTests {
    @Test(
        "simultaneous operations have the same effect as one by one",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await Self.playAtOnce(on: ledger)
            try await Self.poison(ledger)
            await ledger.close()
        }
    }

    @Test("simultaneous operations have the same effect as one by one, on SQLite")
    func sqlite() async throws {
        try await TemporaryLedger.with { ledger, _ in try await Self.playAtOnce(on: ledger) }
    }

    @Test("an operation that the database cannot store fails alone, not its whole group")
    func poisoned() async throws {
        try await TemporaryLedger.with { ledger, _ in try await Self.poison(ledger) }
    }

    /// One in ten has a text with a NUL.
    private static func poison(_ ledger: LedgerStore) async throws {
        let kept = await withTaskGroup(of: Int.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let run = index % 10 == 3 ? "bad\u{0}\(index)" : "bad"
                    let request = Sample.request("p\(index)", nanoUSD: 1, call: Sample.call(run: run))
                    do {
                        _ = try await ledger.reserve(request)
                        return 1
                    } catch {
                        return "\(error)".contains("NUL") ? 0 : 1000
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(kept == 54)
        let open = try await ledger.read { try $0.openReservations() }.filter { $0.request.id.hasPrefix("p") }
        #expect(open.count == 54)
        #expect(open.allSatisfy { $0.request.call.runID == "bad" })
        #expect(try await ledger.read { try $0.verify() }.differences == [])
    }

    /// Runs with odd names, refusals, repeated calls, releases and partly wrong commits, all at the same time.
    private static func playAtOnce(on ledger: LedgerStore) async throws {
        let poor = Budget(scope: .team("poor"), limit: .usd(Money(nanoUSD: 10_000)), window: .month)
        for budget in [
            Budget(scope: .global, limit: .usd(Money(nanoUSD: .max))), poor,
            Budget(scope: .key("k\"\\{1}"), limit: .tokens(.max), window: .day, mode: .warn),
            Budget(scope: .key("rolls"), limit: .usd(Money(nanoUSD: .max)), window: .rolling(seconds: 3600)),
        ] { try await ledger.write { try $0.setBudget(budget, at: Sample.noon) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<120 { group.addTask { try await call(index, on: ledger) } }
            try await group.waitForAll()
        }
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
        let statuses = try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }
        // Thirty callers of 1,000 each, ten of which fit at most; half of those that fit are released.
        let spent = try #require(statuses.first { $0.budget == poor }?.spent)
        #expect(spent.isMultiple(of: 1000) && spent <= 10_000)
        #expect(statuses.first { $0.budget.scope == .global }?.spent == (try await total(of: ledger)))
    }

    private static func total(of ledger: LedgerStore) async throws -> Int64 {
        var total: Int64 = 0
        for index in 0..<120 {
            let entries = try await ledger.read { try $0.entries(ofRun: "run '\(index / 7)") }
            total += entries.filter { $0.id == "c\(index)" }.reduce(0) { $0 + $1.result.figures.cost.total.nanoUSD }
        }
        return total
    }

    private static func call(_ index: Int, on ledger: LedgerStore) async throws {
        let account =
            switch index % 4 {
            case 0: Attribution(team: "poor")
            case 1: Attribution(key: "k\"\\{1}", session: "ünïcode, \(index)")
            case 2: Attribution(team: "rich", key: "rolls")
            default: Attribution(job: "NULL")
            }
        let id = "c\(index)"
        let planned = Sample.call(run: "run '\(index / 7)", account: account)
        let request = Sample.request(id, nanoUSD: 1000, tokens: 30, call: planned)
        do {
            // Sent twice at once: one reservation.
            async let first = ledger.reserve(request)
            async let second = ledger.reserve(request)
            let made = [try await first, try await second]
            #expect(made.map(\.request) == [request, request])
        } catch {
            _ = try #require((error as? LedgerError)?.refusal, "\(error)")
            return
        }
        if index % 8 >= 4 { return try await ledger.release(id) }
        let entry = Sample.entry(id, nanoUSD: 1000, call: planned)
        var decision = Sample.decision
        decision.id = "d\(index)"
        let record = DecisionRecord(decision: decision, attribution: account, at: Sample.noon)
        // One part is wrong, so that nothing of it is done.
        await #expect(throws: LedgerError.unknownReservation("none-\(index)")) {
            try await ledger.commitStep(
                StepCommit(settlements: [(id, entry)], releases: ["none-\(index)"], decisions: [record]))
        }
        #expect(try await ledger.read { try $0.decision(record.decision.id) } == nil)
        let commit = StepCommit(settlements: [(id, entry)], decisions: [record])
        async let first = ledger.commitStep(commit)
        async let second = ledger.commitStep(commit)
        let repeats = [try await first, try await second].map { $0.settlements[0].isRepeat }
        #expect(repeats.count { $0 } == 1)
        #expect(try await ledger.read { try $0.decision(record.decision.id) } == record)
        #expect(try await ledger.read { try $0.entry(id) }?.call.attribution == account)
    }
}
