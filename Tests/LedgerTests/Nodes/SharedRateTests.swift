import Domain
import Testing

@testable import Ledger

/// The rates of a key that is used on several nodes at once. Clocks are given; nothing here waits.
@Suite struct SharedRateTests {
    private static let key = AccessKey(
        id: "abcdefghij", createdAt: Sample.noon, requestsPerMinute: 60, tokensPerMinute: 6000)

    /// Requests that pass: `tries` at each node in every tenth of a second, an exchange of all nodes in every second.
    private static func admitted(
        by nodes: [LedgerStore], seconds: Int, tries: (_ node: Int, _ tenth: Int) -> Int
    ) async throws -> [Int] {
        var admitted = nodes.map { _ in 0 }
        for tenth in 0..<(seconds * 10) {
            let now = Sample.noon.advanced(bySeconds: Double(tenth) / 10)
            if tenth % 10 == 9 { for node in nodes { try await node.exchangeRates(at: now) } }
            for (index, node) in nodes.enumerated() {
                for _ in 0..<tries(index, tenth) where node.admit(key, at: now) == nil { admitted[index] += 1 }
            }
        }
        return admitted
    }

    private static func withNodes(_ count: Int, _ body: ([LedgerStore]) async throws -> Void) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        var nodes: [LedgerStore] = []
        for _ in 0..<count { nodes.append(try place.open()) }
        for node in nodes { try await node.heartbeat(leaseSeconds: 600) }
        for node in nodes { try await node.exchangeRates(at: Sample.noon) }
        try await body(nodes)
        for node in nodes { await node.close() }
    }

    @Test(
        "a key on several nodes gets its rate once, and exceeds it by the uses of two exchanges at most",
        arguments: [2, 3])
    func even(count: Int) async throws {
        try await Self.withNodes(count) { nodes in
            let seconds = 60
            let admitted = try await Self.admitted(by: nodes, seconds: seconds) { _, _ in 1 }
            // A full bucket, a minute's refill, and the requests that the others grant during two exchanges, ten a
            // second each.
            let most = 60 + seconds + (count - 1) * 20
            #expect(admitted.reduce(0, +) <= most, "\(admitted)")
            #expect(admitted.reduce(0, +) >= 60 + seconds - 10 * count, "\(admitted)")
        }
    }

    @Test("a burst on all nodes within one exchange passes, and all nodes wait for it afterwards")
    func burst() async throws {
        try await Self.withNodes(2) { nodes in
            let first = try await Self.admitted(by: nodes, seconds: 60) { _, tenth in tenth == 0 ? 100 : 1 }
            // Two full buckets at once, and one request that was refilled before the first node had heard of the other's;
            // after that nothing, until what was too much is refilled.
            #expect(first == [61, 60])
            let later = Sample.noon.advanced(bySeconds: 63)
            #expect(nodes[0].admit(Self.key, at: later) == nil)
            #expect(nodes[1].admit(Self.key, at: later) == nil)
        }
    }

    @Test("a client of one node has its whole rate, and the others count it")
    func sticky() async throws {
        try await Self.withNodes(2) { nodes in
            let admitted = try await Self.admitted(by: nodes, seconds: 30) { node, _ in node == 0 ? 3 : 0 }
            #expect(admitted[0] == 60 + 29)
            let refusal = try #require(
                nodes[1].admit(Self.key, at: Sample.noon.advanced(bySeconds: 29.9)))
            #expect(refusal.limit == .requests(perMinute: 60))
        }
    }

    @Test("a single node writes nothing, and a second one learns what is missing from the buckets")
    func late() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let first = try place.open()
        try await first.heartbeat(leaseSeconds: 600)
        for _ in 0..<50 { #expect(first.admit(Self.key, at: Sample.noon) == nil) }
        try await first.exchangeRates(at: Sample.noon)
        for _ in 0..<5 { #expect(first.admit(Self.key, at: Sample.noon) == nil) }
        try await first.exchangeRates(at: Sample.noon)
        #expect(try await Self.toldRows(of: first) == 0)
        #expect(!first.hasOtherNodes)

        let second = try place.open()
        try await second.heartbeat(leaseSeconds: 600)
        for node in [second, first, second] { try await node.exchangeRates(at: Sample.noon) }
        #expect(first.hasOtherNodes && second.hasOtherNodes)
        #expect((0..<10).count { _ in second.admit(Self.key, at: Sample.noon) == nil } == 5)

        // A third node reads what the two have reported.
        try await second.exchangeRates(at: Sample.noon)
        let third = try place.open()
        try await third.exchangeRates(at: Sample.noon)
        // The uses are as old as it took to come here: some may be refilled by now.
        #expect((0..<60).count { _ in third.admit(Self.key, at: Sample.noon) == nil } < 60)
        for node in [first, second, third] { await node.close() }
    }

    @Test("while the store is away a node counts alone, and its uses are reported once afterwards")
    func storeAway() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let reach = Reach()
        let nodes = [try LedgerStore.open("sqlite:\(place.path)", faults: reach.points), try place.open()]
        for node in nodes { try await node.heartbeat(leaseSeconds: 600) }
        for node in nodes { try await node.exchangeRates(at: Sample.noon) }
        reach.goAway(true)
        #expect((0..<100).count { _ in nodes[0].admit(Self.key, at: Sample.noon) == nil } == 60)
        for _ in 0..<3 {
            await #expect(throws: LedgerError.unreachable("it is away")) {
                try await nodes[0].exchangeRates(at: Sample.noon)
            }
        }
        reach.goAway(false)
        for node in nodes + nodes { try await node.exchangeRates(at: Sample.noon) }
        #expect(nodes[1].admit(Self.key, at: Sample.noon) != nil)
        #expect(nodes[1].admit(Self.key, at: Sample.noon.advanced(bySeconds: 1)) == nil)
        for node in nodes { await node.close() }
    }

    private static func toldRows(of ledger: LedgerStore) async throws -> Int64 {
        try await ledger.read { session in
            try session.connection.row("SELECT COUNT(*) FROM rate_use")?.integer(0) ?? -1
        }
    }

    @Test("tokens count on all nodes: consumed at the upper bound, restored everywhere when the call is settled")
    func tokens() async throws {
        try await Self.withNodes(2) { nodes in
            let text = try await nodes[0].createKey(Self.key, budgets: [])
            for node in nodes { _ = try await node.authenticate(text, at: Sample.noon) }
            let call = Sample.call(account: Attribution(key: Self.key.id))
            _ = try await nodes[0].reserve(Sample.request("a", nanoUSD: 1, tokens: 5900, call: call))
            for node in nodes { try await node.exchangeRates(at: Sample.noon) }
            let next = Sample.request("b", nanoUSD: 1, tokens: 500, call: call)
            await #expect(throws: LedgerError.self) { try await nodes[1].reserve(next) }
            // 130 were used.
            _ = try await nodes[0].settle("a", Sample.entry("a", nanoUSD: 1, call: call))
            for node in nodes { try await node.exchangeRates(at: Sample.noon) }
            _ = try await nodes[1].reserve(next)
            // Steps of a job run on a node that has never seen the key; the key's next call waits on the one that has.
            let job = Sample.call(account: Attribution(key: Self.key.id, job: "j"))
            _ = try await nodes[1].reserve(Sample.request("step", nanoUSD: 1, tokens: 9000, call: job))
            for node in [nodes[1], nodes[0]] { try await node.exchangeRates(at: Sample.noon) }
            await #expect(throws: LedgerError.self) {
                try await nodes[0].reserve(Sample.request("c", nanoUSD: 1, tokens: 1, call: call))
            }
        }
    }

    @Test(
        "the same on PostgreSQL",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func onPostgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let nodes = [try LedgerStore.open(server.url), try LedgerStore.open(server.url)]
            for node in nodes { try await node.heartbeat(leaseSeconds: 600) }
            let admitted = try await Self.admitted(by: nodes, seconds: 20) { _, _ in 1 }
            #expect(admitted.reduce(0, +) <= 60 + 20 + 10, "\(admitted)")
            #expect(admitted.reduce(0, +) >= 60, "\(admitted)")
            for node in nodes { await node.close() }
        }
    }

    // MARK: The exchange itself

    private func use(_ requests: Int) -> RateUse { RateUse(key: "k", requestsPerMinute: 60, requests: requests) }

    private func update(_ sequence: Int64, _ requests: Int, age: Int64 = 0) -> RateUpdate {
        RateUpdate(hasOthers: true, reports: [.init(sequence: sequence, age: age, uses: [use(requests)])])
    }

    private let limited = AccessKey(id: "k", createdAt: Sample.noon, requestsPerMinute: 60)

    @Test("a repeated report counts once, and a failed report is sent again under its number")
    func once() throws {
        let (node, other) = (KeyRates(), KeyRates())
        for _ in 0..<20 { _ = node.admit(limited, at: Sample.noon) }
        node.accept(RateUpdate(hasOthers: true), at: Sample.noon)
        let told = try #require(node.nextReport(at: Sample.noon))
        for _ in 0..<7 { _ = node.admit(limited, at: Sample.noon) }
        let again = try #require(node.nextReport(at: Sample.noon))
        #expect(told.number == again.number && told.uses == again.uses && told.uses == [use(20)])
        node.confirm(told.number)
        #expect(node.nextReport(at: Sample.noon)?.uses == [use(7)])
        for _ in 0..<3 { other.accept(update(4, 20), at: Sample.noon) }
        #expect((0..<60).count { _ in other.admit(limited, at: Sample.noon) == nil } == 40)
    }

    @Test(
        "while the store is away a node counts alone, and then tells no more than a bucket of what was refilled since")
    func away() throws {
        let (node, other) = (KeyRates(), KeyRates())
        node.accept(RateUpdate(hasOthers: true), at: Sample.noon)
        #expect(node.nextReport(at: Sample.noon) == nil)
        // Five minutes at the full rate.
        for second in 0..<300 { _ = node.admit(limited, at: Sample.noon.advanced(bySeconds: Double(second))) }
        let back = Sample.noon.advanced(bySeconds: 300)
        #expect(node.nextReport(at: back)?.uses == [use(60)])
        // A node that could not read gets all reports at once.
        other.accept(update(1, 0), at: Sample.noon)
        let late = (2..<300).map { RateUpdate.Report(sequence: $0, age: 0, uses: [use(1)]) }
        other.accept(RateUpdate(hasOthers: true, reports: late), at: back)
        #expect(other.admit(limited, at: back) != nil)
        #expect(other.admit(limited, at: back.advanced(bySeconds: 1)) == nil)
    }

    @Test("a node that starts counts the last minute's uses at their own times")
    func start() {
        let node = KeyRates()
        let told = (0..<60).map {
            RateUpdate.Report(sequence: Int64($0) + 1, age: Int64(60 - $0) * 1000, uses: [use(1)])
        }
        node.accept(RateUpdate(hasOthers: true, reports: told), at: Sample.noon)
        #expect((0..<100).count { _ in node.admit(limited, at: Sample.noon) == nil } == 60, "all was refilled since")
    }

    @Test("a clock that jumps, here or in the database, neither grants requests nor blocks them for long")
    func clocks() {
        let node = KeyRates()
        node.accept(update(1, 0), at: Sample.noon)
        node.accept(update(2, 30, age: -5_000_000), at: Sample.noon)
        node.accept(update(3, 30, age: 5_000_000), at: Sample.noon)
        #expect((0..<60).count { _ in node.admit(limited, at: Sample.noon) == nil } == 60)
        let before = Sample.noon.advanced(bySeconds: -7200)
        #expect((0..<9).allSatisfy { _ in node.admit(limited, at: before) != nil })
        #expect(node.admit(limited, at: before.advanced(bySeconds: 1)) == nil)
        // Uses from before the bucket's last refill do not refill it again.
        for sequence in 4..<100 as Range<Int64> {
            node.accept(update(sequence, 0, age: 900), at: before.advanced(bySeconds: 1))
        }
        #expect(node.admit(limited, at: before.advanced(bySeconds: 1)) != nil)
    }

    @Test("of more than 10,000 keys the idle ones are dropped, and no key exceeds its limit by that")
    func manyKeys() {
        let node = KeyRates()
        func key(_ number: Int) -> AccessKey {
            AccessKey(id: "k\(number)", createdAt: Sample.noon, requestsPerMinute: 1)
        }
        node.accept(RateUpdate(hasOthers: false), at: Sample.noon)
        for number in 0..<25_000 { node.record(key(number), at: Sample.noon) }
        #expect(node.keyCount <= 10_000)
        for number in 0..<25_000 { #expect(node.admit(key(number), at: Sample.noon) == nil) }
        #expect((0..<25_000).allSatisfy { node.admit(key($0), at: Sample.noon) != nil })
        for number in 0..<60_000 { node.record(key(number), at: Sample.noon.advanced(bySeconds: 61)) }
        #expect(node.keyCount <= 50_000)
    }

    @Test("uses are read back as written, and elements of a later version are skipped")
    func json() {
        let uses = [
            RateUse(key: "k \"1\"", requestsPerMinute: 60, requests: 3, tokensPerMinute: nil, tokens: -5),
            RateUse(key: "é", requestsPerMinute: nil, requests: 0, tokensPerMinute: 1000, tokens: .max),
        ]
        #expect(RateUse.uses(json: RateUse.json(uses)) == uses)
        #expect(RateUse.uses(json: Array(#"[{"key":"k"},["k"],["k",1,2,3,4,5]]"#.utf8)).map(\.requests) == [2])
        #expect(RateUse.uses(json: [255]).isEmpty)
    }
}
