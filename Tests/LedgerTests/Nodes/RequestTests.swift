import Domain
import Testing

@testable import Ledger

/// Idempotent requests are done once, whichever nodes they reach.
@Suite struct RequestTests {
    private static let answer = StoredResponse(
        status: 201, headers: [.init(name: "x-a", value: "1"), .init(name: "x-a", value: "é \"2\"")],
        body: [0, 255, 123])

    private static func claim(
        _ ledger: LedgerStore, digest: [UInt8] = [1], token: String = "t", at moment: Timestamp = Sample.noon
    ) async throws -> IdempotencyClaimResult {
        try await ledger.claimRequest("r", digest: digest, token: token, at: moment)
    }

    private static func ticket(_ claim: IdempotencyClaimResult) -> IdempotencyClaim? {
        if case .first(let ticket) = claim { return ticket }
        return nil
    }

    @Test("one of many repeats at two nodes does the work, the others get its response, and another request is refused")
    func once() async throws {
        try await Self.withTwoStores { stores, _ in
            let claims = try await withThrowingTaskGroup(of: IdempotencyClaimResult.self) { group in
                for index in 0..<40 { group.addTask { try await Self.claim(stores[index % 2], token: "t\(index)") } }
                return try await group.reduce(into: [IdempotencyClaimResult]()) { $0.append($1) }
            }
            let tickets = claims.compactMap(Self.ticket)
            #expect(tickets.count == 1)
            #expect(claims.count { $0 == .underWay } == 39)
            let ticket = try #require(tickets.first)
            #expect(!ticket.isTakenOver)
            #expect(try await Self.claim(stores[1], digest: [2]) == .other)
            #expect(try await stores[1].read { try $0.isUnderWay("r") })
            for store in stores { try await store.keep(Self.answer, of: ticket) }
            for store in stores { #expect(try await Self.claim(store) == .answered(Self.answer)) }
            #expect(try await Self.claim(stores[0], digest: [2]) == .other)
            #expect(try await !stores[0].read { try $0.isUnderWay("r") })
        }
    }

    @Test("a response survives a restart and is stored for a day")
    func restart() async throws {
        try await Self.withTwoStores { stores, place in
            let ticket = try #require(Self.ticket(try await Self.claim(stores[0], at: .now())))
            try await stores[0].keep(Self.answer, of: ticket)
            let later = try place.open()
            let now = Timestamp.now()
            #expect(try await Self.claim(later, at: now) == .answered(Self.answer))
            // A clock that went back makes nothing older.
            #expect(try await Self.claim(later, at: now.advanced(bySeconds: -1e6)) == .answered(Self.answer))
            try await later.sweep(at: now.advanced(bySeconds: 86_000))
            #expect(try await Self.claim(later, at: now) == .answered(Self.answer))
            #expect(
                Self.ticket(try await Self.claim(later, token: "u", at: now.advanced(bySeconds: 86_401)))?.token == "u")
            try await later.sweep(at: now.advanced(bySeconds: 200_000))
            #expect(try await !later.read { try $0.isUnderWay("r") })
            await later.close()
        }
    }

    @Test("a failed request is deleted and can be retried at any node")
    func failure() async throws {
        try await Self.withTwoStores { stores, _ in
            let first = try #require(Self.ticket(try await Self.claim(stores[0])))
            await stores[0].abandon(first, mayHaveMade: false)
            let second = try #require(Self.ticket(try await Self.claim(stores[1], digest: [2], token: "u")))
            #expect(second.token == "u" && !second.isTakenOver)
            // The earlier holder can no longer write.
            await stores[0].abandon(first, mayHaveMade: false)
            try await stores[0].keep(Self.answer, of: first)
            #expect(try await Self.claim(stores[0], digest: [2]) == .underWay)
        }
    }

    @Test("a failed request that may have created something continues under its token at any node")
    func unclear() async throws {
        try await Self.withTwoStores { stores, _ in
            let first = try #require(Self.ticket(try await Self.claim(stores[0])))
            await stores[0].abandon(first, mayHaveMade: true)
            #expect(try await Self.claim(stores[1], digest: [2]) == .other)
            let second = Self.ticket(try await Self.claim(stores[1], token: "u"))
            #expect(second == IdempotencyClaim(request: "r", lease: 2, token: "t", isTakenOver: true))
        }
    }

    @Test("a request of a dead node is done again under the same token, and the dead node's call is booked")
    func death() async throws {
        try await Self.withTwoStores { stores, _ in
            try await stores[0].heartbeat(leaseSeconds: 60)
            let first = try #require(Self.ticket(try await Self.claim(stores[0])))
            _ = try await stores[0].reserve(Sample.request("call", nanoUSD: 500))
            #expect(try await Self.claim(stores[1]) == .underWay)
            try await stores[0].heartbeat(leaseSeconds: 0)
            let second = try #require(Self.ticket(try await Self.claim(stores[1], token: "another")))
            #expect(second == IdempotencyClaim(request: "r", lease: 2, token: "t", isTakenOver: true))
            #expect(try await stores[1].recover(at: Sample.noon).map(\.id) == ["call"])
            // It was only silent: its entry is booked, its response is not stored.
            let commit = StepCommit(settlements: [("call", Sample.entry("call", nanoUSD: 120))])
            var late = commit
            late.answer = (first, StoredResponse(status: 200, headers: [], body: [9]))
            _ = try await stores[0].commitStep(late)
            #expect(try await Self.claim(stores[1]) == .underWay)
            try await stores[1].keep(Self.answer, of: second)
            #expect(try await Self.claim(stores[0]) == .answered(Self.answer))
            #expect(try await stores[1].read { try $0.verify() }.isSound)
        }
    }

    @Test("entry and response are one write: both are there after it, or neither")
    func oneWrite() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let ticket = try #require(Self.ticket(try await Self.claim(ledger)))
            var commit = StepCommit(settlements: [("nothing", Sample.entry("a", nanoUSD: 1))])
            commit.answer = (ticket, Self.answer)
            await #expect(throws: LedgerError.unknownReservation("nothing")) { try await ledger.commitStep(commit) }
            #expect(try await Self.claim(ledger) == .underWay)
            _ = try await ledger.reserve(Sample.request("call", nanoUSD: 500))
            commit.settlements[0].reservation = "call"
            _ = try await ledger.commitStep(commit)
            #expect(try await Self.claim(ledger) == .answered(Self.answer))
            // What comes later changes nothing.
            try await ledger.keep(StoredResponse(status: 500, headers: [], body: []), of: ticket)
            #expect(try await Self.claim(ledger) == .answered(Self.answer))
        }
    }

    @Test("while the store is away a request is refused, and one that was abandoned then does not block it later")
    func away() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let reach = Reach()
        let ledger = try LedgerStore.open("sqlite:\(place.path)", faults: reach.points)
        let ticket = try #require(Self.ticket(try await Self.claim(ledger)))
        reach.goAway(true)
        await #expect(throws: LedgerError.unreachable("it is away")) { try await Self.claim(ledger) }
        await ledger.abandon(ticket, mayHaveMade: false)
        reach.goAway(false)
        let other = try place.open()
        #expect(try await Self.claim(other) == .underWay)
        try await ledger.sweep(at: Sample.noon)
        #expect(Self.ticket(try await Self.claim(other)) != nil)
        for ledger in [ledger, other] { await ledger.close() }
    }

    @Test("of a response above 8 MiB the status is stored and the body is not")
    func large() async throws {
        try await TemporaryLedger.with { ledger, _ in
            let ticket = try #require(Self.ticket(try await Self.claim(ledger)))
            let bytes = [UInt8](repeating: 32, count: StoredResponse.mostBytes + 1)
            try await ledger.keep(StoredResponse(status: 200, headers: [], body: bytes), of: ticket)
            guard case .answered(let kept) = try await Self.claim(ledger) else {
                Issue.record("it is answered")
                return
            }
            #expect(kept.body == nil && kept.status == 200)
        }
    }

    @Test(
        "requests are done once by two nodes on PostgreSQL",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func onPostgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let stores = [try LedgerStore.open(server.url), try LedgerStore.open(server.url)]
            let ticket = try #require(Self.ticket(try await Self.claim(stores[0])))
            #expect(try await Self.claim(stores[1]) == .underWay)
            var commit = StepCommit()
            commit.answer = (ticket, Self.answer)
            commit.sessions = [SessionRecord(id: "s", version: 2, body: [1], at: .now())]
            _ = try await stores[0].commitStep(commit)
            #expect(try await Self.claim(stores[1]) == .answered(Self.answer))
            #expect(try await stores[1].session("s", unlike: nil)?.body == [1])
            let second = try #require(
                Self.ticket(try await stores[0].claimRequest("q", digest: [1], token: "t", at: .now())))
            await stores[0].close()
            let taken = Self.ticket(try await stores[1].claimRequest("q", digest: [1], token: "u", at: .now()))
            #expect(taken == IdempotencyClaim(request: "q", lease: 2, token: second.token, isTakenOver: true))
            try await stores[1].sweep(at: Timestamp.now().advanced(bySeconds: 200_000))
            #expect(try await stores[1].session("s", unlike: nil) == nil)
            #expect(try await !stores[1].read { try $0.isUnderWay("r") })
            await stores[1].close()
        }
    }

    private static func withTwoStores(_ body: ([LedgerStore], TemporaryLedger) async throws -> Void) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let stores = [try place.open(), try place.open()]
        try await body(stores, place)
        for store in stores { await store.close() }
    }
}
