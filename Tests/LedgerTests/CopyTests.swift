import Domain
import Testing

@testable import Ledger

/// A ledger moves from one database to another, whole.
@Suite(.serialized)
struct CopyTests {
    @Test(
        "a ledger is copied to PostgreSQL and back with every row, and its numbers continue",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func thereAndBack() async throws {
        try await TemporaryPostgreSQL.with { server in
            let places = [try TemporaryLedger(), try TemporaryLedger()]
            defer { for place in places { place.remove() } }
            let (source, returned) = (try places[0].open(), try places[1].open())
            let remote = try LedgerStore.open(server.url)
            let text = try await fill(source)

            let there = try await source.copy(into: remote)
            let back = try await remote.copy(into: returned)
            #expect(there.verification.isSound && back.verification.isSound)
            #expect(there.rows == back.rows && there.rows > 40)
            for ledger in [remote, returned] {
                #expect(try await ledger.read { try $0.verify() } == source.read { try $0.verify() })
                #expect(
                    try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }
                        == source.read { try $0.budgets(of: nil, at: Sample.noon) })
                #expect(
                    try await ledger.read { try $0.entries(ofRun: "run-1") }
                        == source.read { try $0.entries(ofRun: "run-1") })
                #expect(try await ledger.read { try $0.jobs(in: [], limit: 9) }.map(\.id) == ["j"])
                #expect(
                    try await ledger.read { try $0.events(ofJob: "j", after: 0) }
                        == source.read { try $0.events(ofJob: "j", after: 0) })
                #expect(try await ledger.read { try $0.chunk(1, ofFile: "f") } == [0, 255, 92, 34])
                #expect(try await ledger.authenticate(text, at: Sample.noon).id == "abcdefghij")
                // The owner of the reservation is not there any more.
                #expect(try await ledger.recover(at: Sample.noon).map(\.id) == ["open"])
                try await ledger.append(Sample.entry("later", nanoUSD: 5, call: Sample.call(run: "new run")))
                #expect(try await ledger.claimJobs(limit: 1).map(\.id) == ["j"])
                #expect(try await ledger.read { try $0.verify() }.differences == [])
            }
            for ledger in [source, remote, returned] { await ledger.close() }
        }
    }

    @Test("a copy into a ledger that is not empty is refused and changes nothing")
    func notEmpty() async throws {
        try await TemporaryLedger.with { source, _ in
            try await TemporaryLedger.with { target, _ in
                _ = try await fill(source)
                try await target.append(Sample.entry("mine", nanoUSD: 5))
                let error = await #expect(throws: LedgerError.self) { try await source.copy(into: target) }
                #expect(error?.description.contains("use a new database") == true)
                #expect(try await target.read { try $0.entries(ofRun: "run-1") }.map(\.id) == ["mine"])
            }
        }
    }

    @Test("a ledger that a living node writes to is not copied")
    func inUse() async throws {
        let (place, other) = (try TemporaryLedger(), try TemporaryLedger())
        defer { for place in [place, other] { place.remove() } }
        let (node, source, target) = (try place.open(), try place.open(), try other.open())
        try await node.heartbeat(leaseSeconds: 60)
        let error = await #expect(throws: LedgerError.self) { try await source.copy(into: target) }
        #expect(error?.description.contains("stop them first") == true)
        await node.close()
        #expect(try await source.copy(into: target).verification.isSound)
        for ledger in [source, target] { await ledger.close() }
    }

    @Test("verify reprices calls and reports those booked at another cost")
    func repricing() async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<700 {
                    group.addTask {
                        try await ledger.append(Sample.entry("e\(index)", nanoUSD: index == 690 ? 6 : 5))
                    }
                }
                try await group.waitForAll()
            }
            try await ledger.append(Sample.entry("lost", nanoUSD: 9, kind: .uncertain))
            let report = try await ledger.read { try $0.verify(prices: { $0.id == "e0" ? nil : Money(nanoUSD: 5) }) }
            #expect(report.repriced == report.entries - 2)
            #expect(report.differences.map(\.recomputed) == ["0.000000005 USD by its price"])
            #expect(report.differences[0].figure.contains("e690"))
        }
    }

    /// One or two of everything; returns the text of a key.
    private func fill(_ ledger: LedgerStore) async throws -> String {
        try await ledger.write {
            try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: .max))), at: Sample.noon)
        }
        for index in 0..<20 { try await ledger.append(Sample.entry("e\(index)", nanoUSD: Int64(index))) }
        _ = try await ledger.write { try $0.correct("e3", with: Sample.entry("c", nanoUSD: 1)) }
        _ = try await ledger.reserve(Sample.request("open", nanoUSD: 70))
        let event = NewJobEvent(jobID: "j", type: "t", data: [0, 255, 10], at: Sample.noon)
        let decision = DecisionRecord(decision: Sample.decision, attribution: Attribution(), at: Sample.noon)
        _ = try await ledger.commitStep(
            StepCommit(decisions: [decision], job: LeaseTests.job("j"), events: [event, event]))
        _ = try await ledger.claimJobs(limit: 1)
        try await ledger.write {
            try $0.createFile(
                FileRecord(id: "f", purpose: "batch", name: "quote\"d \\ {}", byteCount: 0, createdAt: Sample.noon))
        }
        try await ledger.write { try $0.appendChunk([0, 255, 92, 34], toFile: "f") }
        try await ledger.write {
            try $0.addRows([BatchRow(batchID: "b", line: 1, customID: "é, {x}", request: [123, 125])])
        }
        return try await ledger.createKey(AccessKey(id: "abcdefghij", createdAt: Sample.noon), budgets: [])
    }
}
