import Domain
import Testing

@testable import Ledger

/// Session memory passes from node to node.
@Suite struct SessionRecordTests {
    private static func record(_ id: String, _ version: Int, at moment: Timestamp = Sample.noon) -> SessionRecord {
        SessionRecord(id: id, version: version, body: Array("\(id) \(version)".utf8), at: moment)
    }

    private static func save(_ record: SessionRecord, in ledger: LedgerStore) async throws {
        var commit = StepCommit()
        commit.sessions = [record]
        _ = try await ledger.commitStep(commit)
    }

    @Test("a node reads a run's memory if it is newer or another node's")
    func newer() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let (first, second) = (try place.open(), try place.open())
        #expect(try await first.session("s", unlike: nil) == nil)
        try await Self.save(Self.record("s", 1), in: first)
        let known = try #require(try await second.session("s", unlike: nil))
        #expect(known.version == 1 && known.body == Array("s 1".utf8) && known.owner == first.owner)
        #expect(try await second.session("s", unlike: known) == nil)
        try await Self.save(Self.record("s", 2), in: second)
        let newer = try #require(try await first.session("s", unlike: known))
        #expect(newer.version == 2 && newer.owner == second.owner)
        // An older step that is written late changes nothing; the same step by another node does.
        try await Self.save(Self.record("s", 1), in: first)
        #expect(try await second.session("s", unlike: newer) == nil)
        try await Self.save(SessionRecord(id: "s", version: 2, body: [7], at: Sample.noon), in: first)
        #expect(try await second.session("s", unlike: newer)?.body == [7])
        for ledger in [first, second] { await ledger.close() }
    }

    @Test("it is written with the step's commit or not at all, and survives the process")
    func withCommit() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let ledger = try place.open()
        var commit = StepCommit(releases: ["nothing"])
        commit.sessions = [Self.record("s", 1)]
        await #expect(throws: LedgerError.unknownReservation("nothing")) { try await ledger.commitStep(commit) }
        #expect(try await ledger.session("s", unlike: nil) == nil)
        try await Self.save(Self.record("s", 1), in: ledger)
        await ledger.close()
        let later = try place.open()
        #expect(try await later.session("s", unlike: nil)?.version == 1)
        await later.close()
    }

    @Test(
        "a session may have any name",
        arguments: ["", "a\u{0}b", "sha256:x", String(repeating: "é", count: 4000), "'; DROP TABLE entry --"])
    func names(_ name: String) async throws {
        try await TemporaryLedger.with { ledger, _ in
            try await Self.save(Self.record(name, 3), in: ledger)
            #expect(try await ledger.session(name, unlike: nil)?.id == name)
            #expect(try await ledger.session(name + "x", unlike: nil) == nil)
            #expect(try await ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a sweep deletes runs that were silent for a day, in pieces, and keeps those of today")
    func sweep() async throws {
        try await TemporaryLedger.with { ledger, _ in
            var commit = StepCommit()
            commit.sessions = (0..<700).map { Self.record("old \($0)", $0 == 0 ? 9 : 1) }
            commit.sessions.append(Self.record("new", 1, at: Sample.noon.advanced(bySeconds: 90_000)))
            _ = try await ledger.commitStep(commit)
            let tomorrow = Sample.noon.advanced(bySeconds: 100_000)
            try await ledger.sweep(at: Sample.noon.advanced(bySeconds: 80_000))
            #expect(try await Self.count(ledger) == 701)
            // A run of that name that begins anew counts from 1 again.
            var again = StepCommit()
            again.sessions = [
                Self.record("old 0", 1, at: tomorrow), Self.record("old 1", 0, at: Sample.noon.advanced(bySeconds: 1)),
            ]
            again.sessions[0].body = [3]
            _ = try await ledger.commitStep(again)
            #expect(try await ledger.session("old 0", unlike: nil)?.body == [3])
            #expect(try await ledger.session("old 1", unlike: nil)?.version == 1)
            try await ledger.sweep(at: tomorrow)
            #expect(try await Self.count(ledger) == 2)
            #expect(try await ledger.session("new", unlike: nil) != nil)
        }
    }

    @Test("a copy of a ledger has runs and stored responses, and requests under way have no owner")
    func copy() async throws {
        try await TemporaryLedger.with { source, _ in
            try await TemporaryLedger.with { target, _ in
                try await Self.save(Self.record("s", 4), in: source)
                let answer = StoredResponse(status: 200, headers: [.init(name: "a", value: "b")], body: [1, 0])
                for name in ["done", "open"] {
                    let claim = try await source.claimRequest(name, digest: [1], token: "t", at: .now())
                    guard name == "done", case .first(let ticket) = claim else { continue }
                    try await source.keep(answer, of: ticket)
                }
                _ = try await source.copy(into: target)
                #expect(try await target.session("s", unlike: nil)?.version == 4)
                let done = try await target.claimRequest("done", digest: [1], token: "u", at: .now())
                #expect(done == .answered(answer))
            }
        }
    }

    private static func count(_ ledger: LedgerStore) async throws -> Int64 {
        try await ledger.read { session in
            try session.connection.row("SELECT COUNT(*) FROM session_memory")?.integer(0) ?? -1
        }
    }
}
