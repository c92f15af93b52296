import Domain
import Testing

@testable import Ledger

/// Rows at a provider: reserved at once, and owned by the group until it is closed.
@Suite struct ProviderGroupTests {
    private static let call = Sample.call(account: Attribution(team: "t", batch: "b"))

    private static func row(_ line: Int64, nanoUSD: Int64 = 100) -> GroupRow {
        GroupRow(line: line, reservation: Sample.request("g-\(line)", nanoUSD: nanoUSD, tokens: 7, call: call))
    }

    private static func group(_ lines: ClosedRange<Int64>, name: String = "g") -> ProviderGroup {
        ProviderGroup(
            name: name, batchID: "b", model: "openai/small", rows: lines.count, createdAt: Sample.noon)
    }

    /// A claimed batch of ten claimed rows with a budget, in a ledger that can be opened again.
    private func with(
        budget: Int64 = 1000, _ body: (LedgerStore, TemporaryLedger, BatchRecord) async throws -> Void
    ) async throws {
        try await TemporaryLedger.with { ledger, place in
            try await Self.prepare(ledger, budget: budget)
            let batch = try #require(try await ledger.claimBatch("b", seizing: false))
            _ = try await ledger.write { try $0.claimRows(ofBatch: "b", limit: 10) }
            try await body(ledger, place, batch)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
        }
    }

    static func prepare(_ ledger: LedgerStore, budget: Int64? = 1000) async throws {
        try await ledger.write {
            try $0.saveBatch(
                BatchRecord(
                    id: "b", status: .inProgress, endpoint: "/v1/chat/completions", createdAt: Sample.noon,
                    updatedAt: Sample.noon))
        }
        for scope in [BudgetScope.batch("b"), .team("t")] {
            guard let budget else { continue }
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: scope, limit: .usd(Money(nanoUSD: budget))), at: Sample.noon)
            }
        }
        try await ledger.write {
            try $0.addRows(
                (1...10).map { BatchRow(batchID: "b", line: $0, customID: "row-\($0)", request: [1]) })
        }
    }

    private func reserved(_ ledger: LedgerStore) async throws -> [Int64] {
        try await ledger.read { try $0.budgets(of: [.batch("b"), .team("t")], at: Sample.noon) }.map(\.reserved)
    }

    @Test("all rows of a group are reserved at once in every budget, to the nano-dollar, or none is")
    func allOrNothing() async throws {
        try await with(budget: 400) { ledger, _, batch async throws in
            let rows = (1...4).map { Self.row(Int64($0)) }
            let dear = rows.dropLast() + [Self.row(4, nanoUSD: 101)]
            let error = await #expect(throws: LedgerError.self) {
                try await ledger.write { try $0.openGroup(Self.group(1...4), rows: Array(dear), of: batch) }
            }
            #expect(error?.refusal?.asked == 401)
            #expect(try await reserved(ledger) == [0, 0])
            #expect(try await ledger.read { try $0.groups(ofBatch: "b") }.isEmpty)
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.write { try $0.openGroup(Self.group(1...4), rows: rows, of: batch) }.isEmpty)
            #expect(try await reserved(ledger) == [400, 400])
            #expect(
                try await ledger.read { try $0.rows(ofGroup: "g", after: 0, limit: 9) }.map(\.line) == [1, 2, 3, 4])
            await #expect(throws: LedgerError.duplicate(kind: "provider batch", id: "g")) {
                try await ledger.write { try $0.openGroup(Self.group(5...5), rows: [Self.row(5)], of: batch) }
            }
        }
    }

    @Test("opening a group fails with rows of another process, or with a batch that was claimed again")
    func fenced() async throws {
        try await with { ledger, _, batch async throws in
            _ = try await ledger.write {
                try $0.openGroup(Self.group(1...2), rows: [Self.row(1), Self.row(2)], of: batch)
            }
            var other = Self.group(2...2, name: "h")
            await #expect(throws: LedgerError.leaseLost(kind: "batch", id: "b")) {
                let row = GroupRow(line: 2, reservation: Sample.request("h-2", nanoUSD: 1, call: Self.call))
                _ = try await ledger.write { [other] in try $0.openGroup(other, rows: [row], of: batch) }
            }
            let later = try #require(try await ledger.claimBatch("b", seizing: true))
            other.name = "g"
            other.phase = .sending
            await #expect(throws: LedgerError.leaseLost(kind: "batch", id: "b")) {
                try await ledger.write { [other] in try $0.saveGroup(other, of: batch) }
            }
            await #expect(throws: LedgerError.leaseLost(kind: "batch", id: "b")) {
                _ = try await ledger.write { [other] in
                    try $0.closeGroup(other, of: batch, rest: .unbilled, fault: nil, at: Sample.noon)
                }
            }
            try await ledger.write { [other] in try $0.saveGroup(other, of: later) }
            #expect(try await ledger.read { try $0.groups(ofBatch: "b") }.map(\.phase) == [.sending])
            #expect(try await reserved(ledger) == [200, 200])
        }
    }

    @Test("after the death of its process, an open group keeps its rows and reservations, and the others are booked")
    func death() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        try await Self.prepare(first)
        let batch = try #require(try await first.claimBatch("b", seizing: false))
        _ = try await first.write { try $0.claimRows(ofBatch: "b", limit: 3) }
        _ = try await first.write { try $0.openGroup(Self.group(1...2), rows: [Self.row(1), Self.row(2)], of: batch) }
        _ = try await first.reserve(Sample.request("live", nanoUSD: 30, call: Self.call))
        await first.close()

        let second = try place.open()
        #expect(try await second.recover(at: Sample.noon).map(\.id) == ["live"])
        #expect(try await second.read { try $0.rowCounts(ofBatch: "b") } == [.claimed: 2, .pending: 8])
        #expect(try await second.write { try $0.claimRows(ofBatch: "b", limit: 10) }.map(\.line) == Array(3...10))
        #expect(try await reserved(second) == [200, 200])
        let claimed = try #require(try await second.claimBatch("b", seizing: false))
        var group = try #require(try await second.read { try $0.groups(ofBatch: "b") }.first)
        #expect(group.open == 2 && group.phase == .opened)

        // One row is answered, the other gives its money back and is pending again.
        let commit = StepCommit(
            settlements: [("g-1", Sample.entry("g-1", nanoUSD: 60, call: Self.call))],
            rows: [BatchRowResult(batchID: "b", line: 1, status: .completed, response: [9], entryID: "g-1")])
        _ = try await second.commitStep(commit)
        group.phase = .ended
        try await second.write { [group] in try $0.saveGroup(group, of: claimed) }
        #expect(try await second.read { try $0.groups(ofBatch: "b") }.first?.open == 1)
        let booked = try await second.write { [group] in
            try $0.closeGroup(group, of: claimed, rest: .unbilled, fault: nil, at: Sample.noon)
        }
        #expect(booked.isEmpty)
        #expect(try await reserved(second) == [0, 0])
        let rows = try await second.read { try $0.rows(ofBatch: "b", after: 0, limit: 2) }
        #expect(rows.map(\.status) == [.completed, .pending])
        #expect(rows.map(\.providerGroup) == ["g", "g"])
        // Closed is closed, and what comes late is refused.
        let late = try await second.write { [group] in
            try $0.closeGroup(group, of: claimed, rest: .uncertain, fault: nil, at: Sample.noon)
        }
        #expect(late == [])
        await #expect(throws: LedgerError.notFound(kind: "open provider batch", id: "g")) {
            try await second.write { [group] in try $0.saveGroup(group, of: claimed) }
        }
        #expect(try await second.read { try $0.verify() }.differences == [])
        await second.close()
    }

    @Test("a group that the provider lost is booked at its upper bound, and its rows fail with an error")
    func lost() async throws {
        try await with { ledger, _, batch async throws in
            _ = try await ledger.write {
                try $0.openGroup(Self.group(1...2), rows: [Self.row(1), Self.row(2)], of: batch)
            }
            let group = try #require(try await ledger.read { try $0.groups(ofBatch: "b") }.first)
            let booked = try await ledger.write {
                try $0.closeGroup(
                    group, of: batch, rest: .uncertain, fault: [7], at: Sample.noon)
            }
            #expect(booked.map(\.kind) == [.uncertain, .uncertain])
            #expect(booked.map(\.result.figures.cost.total.nanoUSD) == [100, 100])
            #expect(try await reserved(ledger) == [0, 0])
            let rows = try await ledger.read { try $0.rows(ofBatch: "b", after: 0, limit: 2) }
            #expect(rows.map(\.status) == [.failed, .failed] && rows.map(\.response) == [[7], [7]])
        }
    }

    @Test("rows of a ledger from before groups can go to a provider after the migration")
    func upgraded() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let migrations = Array(LedgerMigration.all.prefix(5))
        let old = LedgerStore(database: try SQLiteDatabase(path: place.path, migrations: migrations))
        try await Self.prepare(old, budget: nil)
        await old.close()
        let ledger = try place.open()
        let batch = try #require(try await ledger.claimBatch("b", seizing: false))
        _ = try await ledger.write { try $0.claimRows(ofBatch: "b", limit: 2) }
        _ = try await ledger.write { try $0.openGroup(Self.group(1...2), rows: [Self.row(1), Self.row(2)], of: batch) }
        #expect(try await ledger.read { try $0.groups(ofBatch: "b") }.map(\.open) == [2])
        await ledger.close()
    }

    @Test(
        "a group on PostgreSQL outlives its node, and the next holder of the batch closes it",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func nodes() async throws {
        try await TemporaryPostgreSQL.with { server in
            let (first, second) = (try LedgerStore.open(server.url), try LedgerStore.open(server.url))
            try await Self.prepare(first, budget: 500)
            let batch = try #require(try await first.claimBatch("b", seizing: false))
            _ = try await first.write { try $0.claimRows(ofBatch: "b", limit: 10) }
            let error = await #expect(throws: LedgerError.self) {
                let rows = (1...6).map { Self.row(Int64($0)) }
                _ = try await first.write { try $0.openGroup(Self.group(1...6), rows: rows, of: batch) }
            }
            #expect(error?.refusal?.asked == 600)
            _ = try await first.write {
                try $0.openGroup(Self.group(1...5), rows: (1...5).map { Self.row(Int64($0)) }, of: batch)
            }
            await first.close()
            #expect(try await second.recover(at: Sample.noon).isEmpty)
            let claimed = try #require(try await second.claimBatch("b", seizing: false))
            let group = try #require(try await second.read { try $0.groups(ofBatch: "b") }.first)
            #expect(group.open == 5)
            let booked = try await second.write {
                try $0.closeGroup(
                    group, of: claimed, rest: .unbilled, fault: nil, at: Sample.noon)
            }
            #expect(booked.isEmpty)
            #expect(try await reserved(second) == [0, 0])
            #expect(try await second.read { try $0.rowCounts(ofBatch: "b") } == [.pending: 10])
            #expect(try await second.read { try $0.verify() }.differences == [])
            await second.close()
        }
    }

    @Test("a copy of a ledger has its groups")
    func copied() async throws {
        try await with { ledger, _, batch async throws in
            _ = try await ledger.write {
                try $0.openGroup(Self.group(1...2), rows: [Self.row(1), Self.row(2)], of: batch)
            }
            let groups = try await ledger.read { try $0.groups(ofBatch: "b") }
            let other = try TemporaryLedger()
            defer { other.remove() }
            let target = try other.open()
            _ = try await ledger.copy(into: target)
            #expect(try await target.read { try $0.groups(ofBatch: "b") } == groups)
            #expect(try await target.recover(at: Sample.noon).isEmpty)
            await target.close()
        }
    }
}
