import Domain
import Testing

@testable import Ledger

/// Random operations on the ledger and on the slow replay must give the same answers and the same figures.
@Suite struct ReplayTests {
    private static let accounts = [
        Attribution(), Attribution(job: "j1"), Attribution(team: "t1", key: "k1", job: "j2"),
        Attribution(team: "t1", key: "k2", session: "s1"), Attribution(team: "t2", key: "k3", batch: "b1"),
        Attribution(key: "k1", labels: CallLabels(user: "u1", kept: ["nightly", "project=red"])),
        Attribution(job: "j1", labels: CallLabels(user: "u2", kept: ["nightly"])),
    ]
    private static let windows: [BudgetWindow] = [.none, .day, .week, .month, .rolling(seconds: 7200)]

    private struct Play {
        var generator: SeededGenerator
        var replay = ReplayLedger()
        var next = 0
        /// The clock of the test, which mostly goes forwards and sometimes back.
        var clock = Sample.noon

        mutating func call() -> PlannedCall {
            let account = ReplayTests.accounts.randomElement(using: &generator) ?? Attribution()
            let model = ["a/small", "a/large", "b/tiny"].randomElement(using: &generator) ?? ""
            return Sample.call(
                run: "run-\(Int.random(in: 1...3, using: &generator))", account: account, model: model,
                stage: [.sse, .urc, nil].randomElement(using: &generator) ?? nil,
                predicted: .random(in: 0...900, using: &generator),
                baseline: Bool.random(using: &generator) ? .random(in: 0...5000, using: &generator) : nil)
        }

        mutating func entry(_ id: String, call: PlannedCall) -> LedgerEntry {
            Sample.entry(
                id, nanoUSD: .random(in: 0...1100, using: &generator), at: clock, call: call,
                joules: Double(Int.random(in: 0...4_000_000, using: &generator)) / 1e6,
                seconds: Double(Int.random(in: 0...90_000_000, using: &generator)) / 1e6,
                usage: Usage(
                    input: .random(in: 0...50, using: &generator), cachedRead: .random(in: 0...5, using: &generator),
                    output: .random(in: 0...50, using: &generator)),
                outcome: CallOutcome.allCases.randomElement(using: &generator) ?? .completed)
        }
    }

    @Test("a thousand random operations end with the totals of a replay", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        // Roll-ups come along in the middle of everything.
        let ledger = LedgerStore(database: try SQLiteDatabase(path: place.path), entriesBetweenRollups: 6)
        try await play(seed: seed, operations: 250, on: ledger)
        await ledger.close()
    }

    /// Any ledger has to keep up with the replay.
    func play(seed: UInt64, operations: Int, on ledger: LedgerStore) async throws {
        var play = Play(generator: SeededGenerator(seed: seed))
        for _ in 0..<operations {
            play.clock = play.clock.advanced(bySeconds: .random(in: -4000...16_000, using: &play.generator))
            play.next += 1
            switch Int.random(in: 0..<20, using: &play.generator) {
            case 0, 1: try await setBudget(&play, ledger)
            case 2: try await removeBudget(&play, ledger)
            case 3...10: try await reserve(&play, ledger)
            case 11...15: try await settle(&play, ledger)
            case 16: try await release(&play, ledger)
            case 17: try await append(&play, ledger)
            default: try await correct(&play, ledger)
            }
            let statuses = try await ledger.read { [play] in try $0.budgets(of: nil, at: play.clock) }
            #expect(Set(statuses) == play.replay.status(at: play.clock), "after operation \(play.next)")
        }
        for _ in 0..<2 {
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            try await compareDashboards(&play, ledger)
            try await ledger.rollUp()
        }
    }

    private func setBudget(_ play: inout Play, _ ledger: LedgerStore) async throws {
        let scopes = Self.accounts.flatMap(\.scopes)
        let unit = BudgetUnit.allCases.randomElement(using: &play.generator) ?? .usd
        let most: Int64 = unit == .usd ? 20_000 : unit == .tokens ? 2000 : 40_000_000
        let budget = Budget(
            scope: scopes.randomElement(using: &play.generator) ?? .global,
            limit: BudgetLimit(unit: unit, amount: .random(in: 0...most, using: &play.generator)),
            window: Self.windows.randomElement(using: &play.generator) ?? .none,
            mode: Int.random(in: 0..<3, using: &play.generator) == 0 ? .warn : .hard)
        try await ledger.write { [play] in try $0.setBudget(budget, at: play.clock) }
        play.replay.setBudget(budget)
    }

    private func removeBudget(_ play: inout Play, _ ledger: LedgerStore) async throws {
        guard let budget = play.replay.budgets.randomElement(using: &play.generator) else { return }
        try await ledger.write {
            try $0.removeBudget(scope: budget.scope, unit: budget.limit.unit, window: budget.window)
        }
        play.replay.removeBudget(budget)
    }

    private func reserve(_ play: inout Play, _ ledger: LedgerStore) async throws {
        let request = Sample.request(
            "r\(play.next)", nanoUSD: .random(in: 0...1000, using: &play.generator),
            tokens: .random(in: 0...100, using: &play.generator),
            microjoules: .random(in: 0...4_000_000, using: &play.generator), at: play.clock, call: play.call())
        let expected = play.replay.reserve(request)
        do {
            let reservation = try await ledger.reserve(request)
            #expect(expected.made, "the replay refuses \(request.id)")
            #expect(Set(reservation.warnings.map(\.scope)) == expected.warnings)
        } catch {
            _ = try #require(error.refusal, "\(error)")
            #expect(!expected.made, "the replay reserves \(request.id): \(error)")
        }
    }

    private func settle(_ play: inout Play, _ ledger: LedgerStore) async throws {
        guard let request = play.replay.open.randomElement(using: &play.generator) else { return }
        let id = Bool.random(using: &play.generator) ? request.id : "e\(play.next)"
        let entry = play.entry(id, call: request.call)
        play.replay.settle(request.id, entry)
        _ = try await ledger.settle(request.id, entry)
    }

    private func release(_ play: inout Play, _ ledger: LedgerStore) async throws {
        guard let request = play.replay.open.randomElement(using: &play.generator) else { return }
        play.replay.release(request.id)
        try await ledger.release(request.id)
    }

    private func append(_ play: inout Play, _ ledger: LedgerStore) async throws {
        var entry = play.entry("a\(play.next)", call: play.call())
        entry.kind = .shadow
        play.replay.append(entry)
        try await ledger.append(entry)
    }

    private func correct(_ play: inout Play, _ ledger: LedgerStore) async throws {
        let candidates = play.replay.entries.filter { $0.corrects == nil }
        guard let wrong = candidates.randomElement(using: &play.generator) else { return }
        let truth = play.entry("c\(play.next)", call: wrong.call)
        // An entry and its corrections have to add up to the true amounts.
        let booked = try await ledger.write { try $0.correct(wrong.id, with: truth) }
        play.replay.append(booked)
        let sum = play.replay.entries.filter { $0.id == wrong.id || $0.corrects == wrong.id }
            .reduce(Int64(0)) { $0 + $1.result.figures.cost.total.nanoUSD }
        #expect(sum == truth.result.figures.cost.total.nanoUSD)
    }

    private func compareDashboards(_ play: inout Play, _ ledger: LedgerStore) async throws {
        let first = Sample.noon.advanced(bySeconds: -100_000)
        for _ in 0..<20 {
            let from = first.advanced(bySeconds: .random(in: 0...1_000_000, using: &play.generator))
            let to = from.advanced(bySeconds: .random(in: 0...1_500_000, using: &play.generator))
            let total = try await ledger.read { try $0.dashboard(DashboardQuery(from: from, to: to)) }
            #expect(total.totals == play.replay.sums(from: from, to: to) { _ in true })
            let byModel = try await ledger.read {
                try $0.dashboard(
                    DashboardQuery(from: from, to: to, groupBy: [.model, .day], filters: [.stage: ""]))
            }
            for row in byModel.rows {
                let expected = play.replay.sums(from: from, to: to) {
                    $0.call.model.rawValue == row.keys[0] && $0.chargedAt.day.description == row.keys[1]
                        && $0.call.stage == nil
                }
                #expect(row.sums == expected)
            }
            #expect(byModel.totals == play.replay.sums(from: from, to: to) { $0.call.stage == nil })
            let byJob = try await ledger.read { try $0.dashboard(DashboardQuery(from: from, to: to, groupBy: [.job])) }
            for row in byJob.rows {
                let expected = play.replay.sums(from: from, to: to) { $0.call.attribution.job ?? "" == row.keys[0] }
                #expect(row.sums == expected)
            }
            #expect(byJob.totals == total.totals)
            let byLabel = try await ledger.read {
                try $0.dashboard(DashboardQuery(from: from, to: to, groupBy: [.user, .tag]))
            }
            for row in byLabel.rows {
                let expected = play.replay.sums(from: from, to: to) {
                    let labels = $0.call.attribution.labels
                    return labels.user ?? "" == row.keys[0] && (labels.tags + [""]).contains(row.keys[1])
                        && labels.tags.isEmpty == row.keys[1].isEmpty
                }
                #expect(row.sums == expected)
            }
            #expect(byLabel.totals == total.totals)
            let ofTag = try await ledger.read {
                try $0.dashboard(DashboardQuery(from: from, to: to, filters: [.tag: "nightly", .user: "u2"]))
            }
            #expect(ofTag.totals == play.replay.sums(from: from, to: to) { $0.call.attribution.labels.user == "u2" })
        }
    }
}
