import Domain
import Testing

@testable import Ledger

@Suite struct SettlementTests {
    @Test("a settled entry is read back as written")
    func roundTrip() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let account = Attribution(team: "t", key: "k", session: "s", job: "j", batch: "b")
            let call = Sample.call(account: account)
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500, call: call))
            var entry = Sample.entry("e", nanoUSD: 321, at: Sample.noon.advanced(bySeconds: 2), call: call)
            _ = try await ledger.settle("r", entry)
            entry.reservationID = "r"
            entry.chargedAt = Sample.noon
            #expect(try await ledger.read { try $0.entry("e") } == entry)
            #expect(try await ledger.read { try $0.entries(ofRun: "run-1") } == [entry])
            #expect(try await ledger.read { try $0.entries(ofRun: "run-2") } == [])
        }
    }

    @Test("an entry that is settled repeatedly is booked once")
    func idempotent() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 1000))), at: Sample.noon)
            }
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
            let first = try await ledger.settle("r", Sample.entry("r", nanoUSD: 100))
            let second = try await ledger.settle("r", Sample.entry("r", nanoUSD: 100))
            #expect(!first.isRepeat)
            #expect(second.isRepeat)
            await #expect(throws: LedgerError.alreadySettled(reservation: "r", entry: "r")) {
                try await ledger.settle("r", Sample.entry("other", nanoUSD: 100))
            }
            await #expect(throws: LedgerError.alreadySettled(reservation: "r", entry: "r")) {
                try await ledger.settle("r", Sample.entry("r", nanoUSD: 101))
            }
            await #expect(throws: LedgerError.alreadySettled(reservation: "r", entry: "r")) {
                try await ledger.release("r")
            }
            await #expect(throws: LedgerError.alreadySettled(reservation: "r", entry: "r")) {
                try await ledger.reserve(Sample.request("r", nanoUSD: 1))
            }
            let status = try #require(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first)
            #expect(status.spent == 100)
            #expect(status.reserved == 0)
        }
    }

    @Test("a repeated request is one reservation, and another one with its id is refused")
    func reserveTwice() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 600))), at: Sample.noon)
            }
            let request = Sample.request("r", nanoUSD: 500)
            _ = try await ledger.reserve(request)
            #expect(try await ledger.reserve(request).request == request)
            #expect(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first?.reserved == 500)
            await #expect(throws: LedgerError.duplicate(kind: "reservation", id: "r")) {
                try await ledger.reserve(Sample.request("r", nanoUSD: 1))
            }
        }
    }

    @Test("settling or releasing an unknown reservation throws an error that names it")
    func unknown() async throws {
        try await TemporaryLedger.with { ledger, _ in
            await #expect(throws: LedgerError.unknownReservation("x")) {
                try await ledger.settle("x", Sample.entry("x", nanoUSD: 1))
            }
            await #expect(throws: LedgerError.unknownReservation("x")) { try await ledger.release("x") }
        }
    }

    @Test("money counts in the window in which it was reserved")
    func chargedWhenReserved() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .global, limit: .usd(Money(nanoUSD: 1000)), window: .day), at: Sample.noon)
            }
            let evening = try #require(Timestamp("2026-11-21T23:59:59Z"))
            let morning = try #require(Timestamp("2026-11-22T00:00:09Z"))
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 900, at: evening))
            _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 800, at: morning))
            #expect(try await ledger.read { try $0.budgets(of: nil, at: evening) }.first?.spent == 800)
            #expect(try await ledger.read { try $0.budgets(of: nil, at: morning) }.first?.spent == 0)
        }
    }

    @Test(
        "impossible numbers are refused, and nothing is booked",
        arguments: [
            Sample.entry("e", nanoUSD: -1), Sample.entry("e", nanoUSD: .max),
            Sample.entry("e", nanoUSD: 1, joules: .nan),
            Sample.entry("e", nanoUSD: 1, seconds: .infinity), Sample.entry("e", nanoUSD: 1, usage: Usage(input: -5)),
            Sample.entry("", nanoUSD: 1), Sample.entry(String(repeating: "x", count: 201), nanoUSD: 1),
        ])
    func invalid(_ entry: LedgerEntry) async throws {
        try await TemporaryLedger.with { ledger, _ in
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 10))
            await #expect(throws: LedgerError.self) { try await ledger.settle("r", entry) }
            #expect(try await ledger.read { try $0.openReservations() }.count == 1)
            #expect(try await ledger.read { try $0.verify() }.entries == 0)
        }
    }

    @Test("a correction books the difference at the time of the entry that it corrects")
    func correction() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write {
                try $0.setBudget(
                    Budget(scope: .global, limit: .usd(Money(nanoUSD: 1000)), window: .day), at: Sample.noon)
            }
            _ = try await ledger.reserve(Sample.request("r", nanoUSD: 500))
            _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 500))
            let tomorrow = Sample.noon.advanced(bySeconds: 86_400)
            let first = try await ledger.write {
                try $0.correct("r", with: Sample.entry("c1", nanoUSD: 200, at: tomorrow))
            }
            #expect(first.result.figures.cost.api == Money(nanoUSD: -300))
            let second = try await ledger.write {
                try $0.correct("r", with: Sample.entry("c2", nanoUSD: 250, at: tomorrow))
            }
            #expect(second.result.figures.cost.api == Money(nanoUSD: 50))
            #expect(
                try await ledger.write { try $0.correct("r", with: Sample.entry("c2", nanoUSD: 250, at: tomorrow)) }
                    == second)
            #expect(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first?.spent == 250)
            let report = try await ledger.read { try $0.dashboard(DashboardQuery(from: Sample.noon, to: tomorrow)) }
            #expect(report.totals.cost.total == Money(nanoUSD: 250))
            #expect(report.totals.calls == 1)
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            await #expect(throws: LedgerError.notFound(kind: "entry", id: "nothing")) {
                try await ledger.write { try $0.correct("nothing", with: Sample.entry("c3", nanoUSD: 1)) }
            }
        }
    }

    @Test("reservations of a dead store are booked as uncertain, and those of a living one stay")
    func recovery() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        try await first.write {
            try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 1000))), at: Sample.noon)
        }
        _ = try await first.reserve(Sample.request("lost", nanoUSD: 400, tokens: 70))
        let second = try place.open()
        _ = try await second.reserve(Sample.request("mine", nanoUSD: 100))
        #expect(try await second.recover(at: Sample.noon).isEmpty)
        await first.close()
        let booked = try await second.recover(at: Sample.noon)
        #expect(booked.map(\.id) == ["lost"])
        #expect(booked.first?.kind == .uncertain)
        #expect(booked.first?.result.figures.cost.total == Money(nanoUSD: 400))
        let status = try #require(try await second.read { try $0.budgets(of: nil, at: Sample.noon) }.first)
        #expect(status.spent == 400)
        #expect(status.reserved == 100)
        let query = DashboardQuery(from: Sample.noon, to: Sample.noon.advanced(bySeconds: 3600))
        #expect(try await second.read { try $0.dashboard(query) }.totals.uncertain == 1)
        _ = try await second.write { try $0.correct("lost", with: Sample.entry("truth", nanoUSD: 12)) }
        #expect(try await second.read { try $0.dashboard(query) }.totals.uncertain == 0)
        #expect(try await second.read { try $0.budgets(of: nil, at: Sample.noon) }.first?.spent == 12)
        #expect(try await second.read { try $0.verify() }.differences == [])
        await second.close()
    }
}
