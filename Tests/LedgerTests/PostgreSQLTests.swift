import Domain
import Glibc
import Testing

@testable import Ledger

/// The same contract on PostgreSQL, with several nodes.
@Suite(
    .serialized, .enabled(if: TemporaryPostgreSQL.isAvailable, "built without libpq, or no PostgreSQL server is here"))
struct PostgreSQLTests {
    @Test("random operations end with the totals of a replay")
    func replay() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = LedgerStore(database: try PostgreSQLDatabase(url: server.url), entriesBetweenRollups: 6)
            try await ReplayTests().play(seed: 7, operations: 200, on: ledger)
            await ledger.close()
        }
    }

    @Test("64 tasks on three nodes spend exactly what a budget allows")
    func hotBudget() async throws {
        try await TemporaryPostgreSQL.with { server in
            let nodes = try (0..<3).map { _ in try LedgerStore.open(server.url) }
            try await nodes[0].write {
                try $0.setBudget(
                    Budget(scope: .key("k"), limit: .usd(Money(nanoUSD: 100_999))), at: Sample.noon)
            }
            let call = Sample.call(account: Attribution(key: "k"))
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        var made = 0
                        for attempt in 0..<3 {
                            let id = "r-\(task)-\(attempt)"
                            do {
                                _ = try await nodes[task % 3].reserve(
                                    Sample.request(id, nanoUSD: 1000, call: call))
                            } catch {
                                _ = try #require((error as? LedgerError)?.refusal, "\(error)")
                                continue
                            }
                            made += 1
                            let entry = Sample.entry(id, nanoUSD: 1000, call: call)
                            _ = try await nodes[(task + 1) % 3].settle(id, entry)
                        }
                        return made
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(made == 100)
            #expect(try await nodes[2].read { try $0.budgets(of: nil, at: Sample.noon) }.map(\.spent) == [100_000])
            #expect(try await nodes[1].read { try $0.verify() }.differences == [])
            for node in nodes { await node.close() }
        }
    }

    @Test("steps, keys, files and batch rows are read back as written, and each row is claimed by one node")
    func everythingElse() async throws {
        try await TemporaryPostgreSQL.with { server in
            let nodes = try (0..<2).map { _ in try LedgerStore.open(server.url) }
            _ = try await nodes[0].reserve(Sample.request("r", nanoUSD: 500))
            let job = JobRecord(
                id: "job-1", status: .running, spec: Array("{}".utf8), state: [],
                attribution: Attribution(job: "job-1"),
                createdAt: Sample.noon, updatedAt: Sample.noon)
            let decision = DecisionRecord(decision: Sample.decision, attribution: Attribution(), at: Sample.noon)
            let event = NewJobEvent(jobID: "job-1", type: "step", data: [0, 255, 10], at: Sample.noon)
            try await nodes[0].write {
                try $0.addRows(
                    (1...10).map { BatchRow(batchID: "b", line: $0, customID: "row-\($0)", request: [1]) })
            }
            let receipt = try await nodes[1].commitStep(
                StepCommit(
                    settlements: [("r", Sample.entry("e", nanoUSD: 100))], decisions: [decision], job: job,
                    events: [event, event],
                    rows: [BatchRowResult(batchID: "b", line: 1, status: .completed, response: [], entryID: "e")]))
            #expect(receipt.eventSequences == [1, 2])
            #expect(try await nodes[0].read { try $0.job("job-1") } == job)
            #expect(try await nodes[0].read { try $0.decision("decision-1") } == decision)
            #expect(try await nodes[0].read { try $0.events(ofJob: "job-1", after: 0) }.map(\.event) == [event, event])
            #expect(try await nodes[0].read { try $0.entry("e") }?.reservationID == "r")
            #expect(try await nodes[0].read { try $0.rows(ofBatch: "b", after: 0, limit: 1) }.first?.response == [])
            let claimed = [
                try await nodes[0].write { try $0.claimRows(ofBatch: "b", limit: 4) },
                try await nodes[1].write { try $0.claimRows(ofBatch: "b", limit: 9) },
            ]
            #expect(claimed.map(\.count) == [4, 5])
            #expect(Set(claimed.joined().map(\.line)) == Set(2...10))
            let text = try await nodes[0].createKey(AccessKey(id: "abcdefghij", createdAt: Sample.noon), budgets: [])
            #expect(try await nodes[1].authenticate(text, at: Sample.noon).id == "abcdefghij")
            try await nodes[0].write { try $0.revokeKey("abcdefghij", at: Sample.noon) }
            await #expect(throws: LedgerError.self) { try await nodes[1].authenticate(text, at: Sample.noon) }
            for node in nodes { await node.close() }
        }
    }

    @Test("reservations and claims of a dead node are recovered, and those of a living one stay")
    func takeover() async throws {
        try await TemporaryPostgreSQL.with { server in
            let (first, second) = (try LedgerStore.open(server.url), try LedgerStore.open(server.url))
            _ = try await first.reserve(Sample.request("lost", nanoUSD: 400))
            try await first.write { try $0.addRows([BatchRow(batchID: "b", line: 1, customID: "a", request: [])]) }
            _ = try await first.write { try $0.claimRows(ofBatch: "b", limit: 1) }
            #expect(try await second.recover(at: Sample.noon).isEmpty)
            await first.close()
            #expect(try await second.recover(at: Sample.noon).map(\.id) == ["lost"])
            #expect(try await second.read { try $0.rowCounts(ofBatch: "b") } == [.pending: 1])
            await second.close()
        }
    }

    @Test(
        "a silent node loses its work within the lease, and every node is notified of a revoked key and a waiting job")
    func leases() async throws {
        try await TemporaryPostgreSQL.with { server in
            let (first, second) = (try LedgerStore.open(server.url), try LedgerStore.open(server.url))
            var notices = second.notices().makeAsyncIterator()
            _ = try await first.createKey(AccessKey(id: "abcdefghij", createdAt: Sample.noon), budgets: [])
            #expect(await notices.next() == .key("abcdefghij"))
            try await LeaseTests.loseToSilence(first, second)
            try await second.write { try $0.saveJob(LeaseTests.job("later")) }
            var told: Set<LedgerNotification> = []
            while !told.contains(.waitingJob("later")), let notice = await notices.next() { told.insert(notice) }
            #expect(told.isSuperset(of: [.job("j"), .batch("b")]))
            await first.close()
            await second.close()
        }
    }

    @Test("when the server crashes, calls wait or fail with a clear error, and no acknowledged write is lost")
    func serverCrash() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: .max))), at: Sample.noon)
            }
            let acknowledged = try await withThrowingTaskGroup(of: [String].self) { group in
                for task in 0..<8 {
                    group.addTask {
                        var acknowledged: [String] = []
                        for number in 0..<40 {
                            let id = "e-\(task)-\(number)"
                            do {
                                try await ledger.append(Sample.entry(id, nanoUSD: 5))
                                acknowledged.append(id)
                            } catch {
                                guard case LedgerError.unreachable = error else { throw error }
                            }
                        }
                        return acknowledged
                    }
                }
                try await Task.sleep(for: .milliseconds(100))
                try server.crashAndRestart()
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(acknowledged.count > 8)
            for id in acknowledged { #expect(try await ledger.read { try $0.entry(id) } != nil, "\(id) is lost") }
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            await ledger.close()
        }
    }

    @Test("entries can neither be changed nor deleted, and a newer database is refused")
    func guarded() async throws {
        try await TemporaryPostgreSQL.with { server in
            let ledger = try LedgerStore.open(server.url)
            try await ledger.append(Sample.entry("e", nanoUSD: 5))
            await ledger.close()
            let database = try PostgreSQLDatabase(url: server.url)
            for statement in ["UPDATE entry SET api = 0", "DELETE FROM entry", "TRUNCATE entry"] {
                var error: LedgerError?
                try database.withWriter { connection in
                    do throws(LedgerError) { try connection.execute(statement, []) } catch let thrown { error = thrown }
                }
                #expect(error?.description.contains("append-only") == true)
            }
            try database.withWriter { _ = try? $0.execute("INSERT INTO hera_migration VALUES ('99 future')", []) }
            database.close()
            let error = #expect(throws: LedgerError.self) { try LedgerStore.open(server.url) }
            #expect(error?.description.contains("99 future") == true)
        }
    }

    @Test("a database of every earlier version is migrated and keeps its entries")
    func earlier() async throws {
        try await TemporaryPostgreSQL.with { server in
            let main = try PostgreSQLDatabase(url: server.url)
            for version in LedgerMigration.all.indices {
                var made: Result<Void, LedgerError> = .success(())
                try main.withWriter { connection in
                    made = Result { () throws(LedgerError) in
                        try connection.execute("CREATE DATABASE version\(version)", [])
                    }
                }
                try made.get()
                let url = server.url.replacing("@/postgres?", with: "@/version\(version)?")
                let migrations = Array(LedgerMigration.all.prefix(version + 1))
                let old = LedgerStore(database: try PostgreSQLDatabase(url: url, migrations: migrations))
                try await old.append(Sample.entry("e", nanoUSD: 5))
                try EarlierLedger.rollUp(old.database, migrations: migrations.count)
                await old.close()
                let ledger = try LedgerStore.open(url)
                try await EarlierLedger.checkRollups(of: ledger)
                #expect(try await ledger.read { try $0.entry("e") }?.result.figures.cost.total == Money(nanoUSD: 5))
                #expect(try await ledger.read { try $0.verify() }.differences == [])
                #expect(try await ledger.claimJobs(limit: 1).isEmpty)
                await ledger.close()
            }
            main.close()
        }
    }

    @Test("connecting to a server that never answers times out")
    func deafServer() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        #expect(listen(listener, 8) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(listener, $0.baseAddress, &size) == 0 }
        }
        try #require(isBound)
        let error = try #require(throws: LedgerError.self) {
            try LedgerStore.open("postgres://u@127.0.0.1:\(UInt16(bigEndian: address.sin_port))/db")
        }
        #expect(error.description.contains("timeout"), "\(error)")
    }

    @Test("the error of an unreachable server names it")
    func noServer() {
        let error = #expect(throws: LedgerError.self) {
            try LedgerStore.open("postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2")
        }
        #expect(error?.description.contains("cannot be reached") == true)
    }
}

@Suite struct LocationTests {
    @Test(
        "no error about a wrong location shows its password",
        arguments: [
            "postgres://u:Zq%Zq@127.0.0.1:1/db", "postgres://u:Zq%zz@127.0.0.1:1/db",
            "postgres://u:%00Zq@127.0.0.1:1/db", "postgres://u:Zq/Zq@127.0.0.1:1/db",
            "postgres://u:Zq@Zq@127.0.0.1:1/db", "postgres://u:Zq@127.0.0.1:1/db?wrong=1",
            "postgres://127.0.0.1:1/db?password=Zq%zz&user=u", "postgre://u:Zq@127.0.0.1/db",
            "postgres://u:Zq:Zq@127.0.0.1:1/db", "postgres://u:Zq?#[@127.0.0.1:1/db",
        ])
    func password(_ location: String) throws {
        let error = try #require(throws: LedgerError.self) { try LedgerStore.open(location) }
        #expect(!error.description.contains("Zq"), "\(error)")
    }

    @Test(
        "a correct address is passed to libpq unchanged",
        arguments: [
            "postgres://u:p%40%2F@127.0.0.1:1/db?connect_timeout=2", "postgres://127.0.0.1:1/db?user=a@b",
            "postgresql://u@127.0.0.1:1", "postgres:///db?host=127.0.0.1&port=1&user=a@b",
        ])
    func rightAddress(_ location: String) throws {
        let error = try #require(throws: LedgerError.self) { try LedgerStore.open(location) }
        #expect(error.description.contains("cannot be reached (connection to server at"), "\(error)")
    }

    @Test(
        "the error of a location without a database shows the correct form",
        arguments: ["", "sqlite:", "mysql://x", "ledger.sqlite"])
    func bad(_ location: String) {
        let error = #expect(throws: LedgerError.self) { try LedgerStore.open(location) }
        #expect(error?.description.contains("write sqlite:PATH or postgres://") == true)
    }
}
