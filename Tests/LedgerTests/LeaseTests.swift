import Domain
import Testing

@testable import Ledger

/// Jobs and batches have one holder at a time, and pass to another when it dies or is silent.
@Suite struct LeaseTests {
    static func job(_ id: String, _ status: JobStatus = .queued, second: Double = 0) -> JobRecord {
        JobRecord(
            id: id, status: status, spec: [], state: [], attribution: Attribution(job: id),
            createdAt: Sample.noon.advanced(bySeconds: second), updatedAt: Sample.noon)
    }

    @Test("every waiting job is claimed by one store, the oldest first; paused and ended jobs are not claimed")
    func claims() async throws {
        try await Self.withTwoStores { stores in
            for index in 0..<10 {
                try await stores[0].write { try $0.saveJob(Self.job("j\(index)", second: Double(10 - index))) }
            }
            try await stores[0].write { try $0.saveJob(Self.job("paused", .requiresAction)) }
            try await stores[0].write { try $0.saveJob(Self.job("ended", .completed)) }
            let first = try await stores[0].claimJobs(limit: 4)
            let second = try await stores[1].claimJobs(limit: 100)
            #expect(first.map(\.id) == ["j9", "j8", "j7", "j6"])
            #expect(Set(second.map(\.id)) == Set((0..<6).map { "j\($0)" }))
            #expect(second.allSatisfy { $0.lease == 1 })
            #expect(try await stores[0].claimJobs(limit: 100).isEmpty)
            #expect(try await stores[0].claimJob("j9", seizing: false) == nil)
            #expect(try await stores[0].claimJob("j0", seizing: false) == nil)
            #expect(try await stores[1].claimJob("paused", seizing: false)?.lease == 1)
            #expect(try await stores[1].claimJob("missing", seizing: false) == nil)
        }
    }

    @Test("a returned job is claimed again, and returning an earlier lease does nothing")
    func returned() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await ledger.write { try $0.saveJob(Self.job("a")) }
            let first = try #require(try await ledger.claimJobs(limit: 5).first)
            try await ledger.write { try $0.returnJob(first) }
            #expect(try await ledger.claimJobs(limit: 5).map(\.lease) == [2])
            try await ledger.write { try $0.returnJob(first) }
            #expect(try await ledger.claimJobs(limit: 5).isEmpty)
        }
    }

    @Test("a closed store's jobs and batches can be claimed at once")
    func death() async throws {
        try await Self.withTwoStores { stores in
            try await Self.fill(stores[0])
            await stores[0].close()
            #expect(try await stores[1].claimJobs(limit: 5).map(\.id) == ["j"])
            #expect(try await stores[1].claimBatches(limit: 5).map(\.id) == ["b"])
        }
    }

    @Test("a store that is silent for longer than its lease loses its work and cannot write it")
    func silence() async throws {
        try await Self.withTwoStores { stores in try await Self.loseToSilence(stores[0], stores[1]) }
    }

    @Test("work of a silent store can be claimed after its calls were booked")
    func silenceAfterRecovery() async throws {
        try await Self.withTwoStores { stores in
            try await stores[0].heartbeat(leaseSeconds: 60)
            try await Self.fill(stores[0])
            try await stores[0].heartbeat(leaseSeconds: 0)
            for _ in 0..<2 { #expect(try await stores[1].recover(at: Sample.noon).isEmpty) }
            #expect(try await stores[1].claimBatches(limit: 5).map(\.id) == ["b"])
            #expect(try await stores[1].claimJobs(limit: 5).count == 1)
        }
    }

    /// One of each kind, claimed.
    private static func fill(_ store: LedgerStore) async throws {
        try await store.write { try $0.saveJob(job("j")) }
        try await store.write {
            try $0.saveBatch(
                BatchRecord(
                    id: "b", status: .inProgress, endpoint: "/v1/chat/completions", inputFileID: "f",
                    createdAt: Sample.noon, updatedAt: Sample.noon))
        }
        #expect(try await store.claimJobs(limit: 5).count == 1)
        #expect(try await store.claimBatches(limit: 5).count == 1)
    }

    static func loseToSilence(_ first: LedgerStore, _ second: LedgerStore) async throws {
        try await first.heartbeat(leaseSeconds: 60)
        try await fill(first)
        _ = try await first.reserve(Sample.request("call", nanoUSD: 500))
        var held = try #require(try await first.read { try $0.job("j") })
        var batch = try #require(try await first.read { try $0.batch("b") })
        #expect(try await second.claimJobs(limit: 5).isEmpty)
        #expect(try await second.recover(at: Sample.noon).isEmpty)

        try await first.heartbeat(leaseSeconds: 0)
        let taken = try #require(try await second.claimJobs(limit: 5).first)
        #expect(taken.lease == held.lease + 1)
        #expect(try await second.claimBatches(limit: 5).map(\.id) == ["b"])
        #expect(try await second.recover(at: Sample.noon).map(\.id) == ["call"])

        held.status = .completed
        batch.status = .completed
        let settlement = ("call", Sample.entry("call", nanoUSD: 120))
        let lost = LedgerError.leaseLost(kind: "job", id: "j")
        await #expect(throws: lost) {
            try await first.commitStep(StepCommit(settlements: [settlement], job: held))
        }
        await #expect(throws: LedgerError.leaseLost(kind: "batch", id: "b")) {
            try await first.write { [batch] in try $0.saveBatch(batch) }
        }
        #expect(try await second.read { try $0.job("j") } == taken)

        // What it spent is booked all the same, in place of what was taken to be spent.
        _ = try await first.commitStep(StepCommit(settlements: [settlement]))
        _ = try await first.commitStep(StepCommit(settlements: [settlement]))
        let spent = try await second.read { try $0.entries(ofRun: "run-1") }.map(\.result.figures.cost.total.nanoUSD)
        #expect(spent == [500, -380])
        #expect(try await second.read { try $0.verify() }.differences == [])
    }

    @Test("a call that was booked as uncertain and then released costs nothing")
    func lateRelease() async throws {
        try await Self.withTwoStores { stores in
            try await stores[0].heartbeat(leaseSeconds: 0)
            try await stores[0].write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 900))), at: Sample.noon)
            }
            _ = try await stores[0].reserve(Sample.request("call", nanoUSD: 500))
            #expect(try await stores[1].recover(at: Sample.noon).count == 1)
            try await stores[0].release("call")
            try await stores[0].release("call")
            let status = try #require(try await stores[1].read { try $0.budgets(of: nil, at: Sample.noon) }.first)
            #expect([status.spent, status.reserved] == [0, 0])
            #expect(try await stores[1].read { try $0.verify() }.differences == [])
        }
    }

    @Test("a job can be seized from a living store, whose next write fails; an ended job stays as it is")
    func seizing() async throws {
        try await Self.withTwoStores { stores in
            try await stores[0].write { try $0.saveJob(Self.job("j")) }
            let held = try #require(try await stores[0].claimJobs(limit: 1).first)
            var seized = try #require(try await stores[1].claimJob("j", seizing: true))
            seized.status = .cancelled
            try await stores[1].write { [seized] in try $0.saveJob(seized) }
            await #expect(throws: LedgerError.leaseLost(kind: "job", id: "j")) {
                try await stores[0].write { try $0.saveJob(held) }
            }
            #expect(try await stores[0].read { try $0.job("j") } == seized)
        }
    }

    @Test("listeners are notified of committed writes and not of refused ones")
    func notices() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let notices = ledger.notices()
            await #expect(throws: LedgerError.self) {
                try await ledger.write { try $0.revokeKey("nobody", at: Sample.noon) }
            }
            try await ledger.write { try $0.saveJob(Self.job("j")) }
            _ = try await ledger.createKey(AccessKey(id: "abcdefghij", createdAt: Sample.noon), budgets: [])
            await ledger.close()
            var told: [LedgerNotification] = []
            for await notice in notices { told.append(notice) }
            #expect(Set(told) == [.job("j"), .waitingJob("j"), .key("abcdefghij")])
        }
    }

    @Test(
        "a notification is read back from its text",
        arguments: [
            LedgerNotification.job("a:b"), .waitingJob("x"), .batch("b"), .key("k"), .budget(.team("t:u")),
            .budget(.global),
        ])
    func noticeText(_ notice: LedgerNotification) {
        #expect(LedgerNotification(notice.description) == notice)
        #expect(LedgerNotification("later-kind:\(notice)") == nil)
    }

    private static func withTwoStores(_ body: ([LedgerStore]) async throws -> Void) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let stores = [try place.open(), try place.open()]
        try await body(stores)
        for store in stores { await store.close() }
    }
}
