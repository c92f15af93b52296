import Domain
import Testing

@testable import Ledger

/// Groups of operations against the same operations one after the other.
@Suite(.serialized) struct TogetherTests {
    private static let budgets = [
        Budget(scope: .global, limit: .usd(Money(nanoUSD: 40_000)), window: .week),
        Budget(scope: .team("t"), limit: .usd(Money(nanoUSD: 9000)), window: .day),
        Budget(scope: .team("t"), limit: .tokens(900), window: .month, mode: .warn),
        Budget(scope: .key("k"), limit: BudgetLimit(unit: .joules, amount: 20_000_000), window: .none),
        Budget(scope: .key("rolls"), limit: .usd(Money(nanoUSD: 6000)), window: .rolling(seconds: 7200)),
    ]
    private static let accounts = [
        Attribution(), Attribution(team: "t", key: "k"), Attribution(team: "t", session: "s\"\\\n1"),
        Attribution(team: "u", key: "rolls", job: "j"),
    ]

    @Test("a group on SQLite gives the same results and totals as its operations one by one", arguments: 1...5)
    func sqlite(seed: Int) async throws {
        let places = [try TemporaryLedger(), try TemporaryLedger()]
        defer { for place in places { place.remove() } }
        let databases = try places.map { try SQLiteDatabase(path: $0.path) }
        try await play(seed: seed, on: databases[0], databases[1])
    }

    @Test(
        "a group on PostgreSQL gives the same results and totals as its operations one by one on SQLite",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            let place = try TemporaryLedger()
            defer { place.remove() }
            try await play(
                seed: 9, on: try PostgreSQLDatabase(url: server.url), try SQLiteDatabase(path: place.path))
        }
    }

    private func play(seed: Int, on together: any SQLDatabase, _ oneByOne: any SQLDatabase) async throws {
        let ledgers = [LedgerStore(database: together), LedgerStore(database: oneByOne)]
        for ledger in ledgers {
            for budget in Self.budgets { try await ledger.write { try $0.setBudget(budget, at: Sample.noon) } }
        }
        var generator = SeededGenerator(seed: UInt64(seed))
        var shared = 0
        for _ in 0..<25 {
            let group = (0..<Int.random(in: 1...24, using: &generator)).map { _ in operation(&generator) }
            let answers = try Self.perform(group, on: together)
            shared += answers.count { $0 != nil }
            // Operations that were left out come last on both sides.
            let order = group.indices.sorted { (answers[$0] == nil ? 1 : 0, $0) < (answers[$1] == nil ? 1 : 0, $1) }
            let expected = try Self.one(order.map { group[$0] }, on: oneByOne)
            let rest = try Self.one(order.filter { answers[$0] == nil }.map { group[$0] }, on: together)
            #expect(order.compactMap { answers[$0] } + rest == expected)
        }
        #expect(shared > 50, "too few were done together for the test to say anything")
        let states = [try await Self.state(of: ledgers[0]), try await Self.state(of: ledgers[1])]
        #expect(states[0] == states[1])
        for ledger in ledgers {
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            await ledger.close()
        }
    }

    // MARK: Operations

    /// Few ids, so that many operations meet what others left; moments on both sides of midnight.
    private func operation(_ generator: inout SeededGenerator) -> MoneyOperation {
        let id = { (generator: inout SeededGenerator) in "c\(Int.random(in: 0..<60, using: &generator))" }
        let moment = Sample.noon.advanced(bySeconds: .random(in: 39_000...47_000, using: &generator))
        let name = id(&generator)
        // A function of the id, mostly: the same request twice is one reservation.
        let call = Sample.call(run: "run \(name)", account: Self.accounts[name.utf8.reduce(0) { $0 + Int($1) } % 4])
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<5:
            return .reserve(
                Sample.request(
                    name, nanoUSD: .random(in: 0...1500, using: &generator), tokens: 130, microjoules: 1_600_000,
                    at: moment, call: call))
        case 5..<8:
            var commit = StepCommit()
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let settled = id(&generator)
                let own = Sample.call(
                    run: "run \(settled)", account: Self.accounts[settled.utf8.reduce(0) { $0 + Int($1) } % 4])
                let isBad = Int.random(in: 0..<12, using: &generator) == 0
                commit.settlements.append(
                    (settled, Sample.entry(settled, nanoUSD: isBad ? -5 : 700, at: moment, call: own)))
            }
            return .commit(commit)
        case 8:
            let reason = Bool.random(using: &generator) ? "timeout" : "reset"
            let failure = FailedAttempt(at: moment, call: call, reason: reason, isBooked: false)
            return .commit(StepCommit(releases: [name], failures: [failure]))
        default:
            var decision = Sample.decision
            decision.id = "d-\(name)"
            let step = StepRecord(
                id: "s-\(id(&generator))", runID: "run \(name)", position: 1, decisionID: decision.id,
                detail: Array("{}".utf8), at: moment)
            var commit = StepCommit(
                decisions: [DecisionRecord(decision: decision, attribution: Attribution(), at: Sample.noon)],
                steps: [step])
            let version = Int.random(in: 1...9, using: &generator)
            commit.sessions = [
                SessionRecord(id: "run \(name)", version: version, body: Array("\(version)".utf8), at: moment)
            ]
            return .commit(commit)
        }
    }

    // MARK: Doing them

    /// In one transaction; nil for operations that were left out.
    private static func perform(_ group: [MoneyOperation], on database: any SQLDatabase) throws -> [String?] {
        try transaction(on: database) { (session) throws(LedgerError) in
            let results = try session.perform(group)
            session.keepOperation()
            return results.map { $0.map(Self.text) }
        }
    }

    /// In one transaction, each in a savepoint.
    private static func one(_ group: [MoneyOperation], on database: any SQLDatabase) throws -> [String] {
        try transaction(on: database) { (session) throws(LedgerError) in
            var texts: [String] = []
            for operation in group {
                try session.connection.execute("SAVEPOINT operation", [])
                let result = Result { () throws(LedgerError) -> MoneyResult in
                    switch operation {
                    case .reserve(let request): .reservation(try session.reserve(request))
                    case .commit(let commit): .receipt(try session.commit(commit))
                    }
                }
                if case .success = result {
                    session.keepOperation()
                } else {
                    session.dropOperation()
                    try session.connection.execute("ROLLBACK TO SAVEPOINT operation", [])
                }
                try session.connection.execute("RELEASE SAVEPOINT operation", [])
                texts.append(text(result))
            }
            return texts
        }
    }

    private static func transaction<Value>(
        on database: any SQLDatabase, _ body: (inout LedgerTransaction) throws(LedgerError) -> Value
    ) throws -> Value {
        var result: Result<Value, LedgerError> = .failure(.database("the writer did not run"))
        try database.withWriter { connection in
            var session = LedgerTransaction(connection: connection, owner: database.owner)
            result = Result { () throws(LedgerError) in
                for statement in connection.dialect.begin { try connection.execute(statement, []) }
                let value = try body(&session)
                try session.writeSessions()
                try connection.execute("COMMIT", [])
                return value
            }
        }
        return try result.get()
    }

    /// What a caller sees; owners differ from database to database.
    private static func text(_ result: Result<MoneyResult, LedgerError>) -> String {
        switch result {
        case .success(.reservation(let made)): "\(made.request.id) \(made.request.at) \(made.warnings)"
        case .success(.receipt(let receipt)): "\(receipt.settlements)"
        case .failure(let error): "\(error)"
        }
    }

    private static func state(of ledger: LedgerStore) async throws -> [String] {
        var state = try await ledger.read { try $0.budgets(of: nil, at: Sample.noon.advanced(bySeconds: 46_000)) }.map {
            "\($0)"
        }
        .sorted()
        let query = DashboardQuery(
            from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: .max), groupBy: [.hour, .team, .key])
        let report = try await ledger.read { try $0.dashboard(query) }
        state += report.failureCounts.map { "\($0)" } + report.rows.map { "\($0.keys) \($0.sums.failures)" }.sorted()
        #expect(!report.failureCounts.isEmpty)
        state += try await ledger.read { try $0.openReservations() }.map { "\($0.request)" }.sorted()
        for number in 0..<60 {
            state += try await ledger.read { try $0.entries(ofRun: "run c\(number)") }.map { "\($0)" }
            if let decision = try await ledger.read({ try $0.decision("d-c\(number)") }) {
                state.append(decision.decision.id)
            }
            state += try await ledger.read { try $0.steps(ofRun: "run c\(number)") }.map { "\($0)" }
            if let session = try await ledger.session("run c\(number)", unlike: nil) {
                state.append("\(session.id) \(session.version) \(session.body)")
            }
        }
        return state
    }
}
