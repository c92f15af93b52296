import Domain
import Foundation
import Synchronization
import Testing

@testable import Ledger

/// Several stores that open a database at the same time, which none of them has seen before.
@Suite struct OpeningTests {
    private static func openTogether(_ location: String, stores: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<stores {
                group.addTask {
                    let ledger = try LedgerStore.open(location)
                    try await ledger.append(Sample.entry("e\(number)", nanoUSD: 1))
                    await ledger.close()
                }
            }
            try await group.waitForAll()
        }
        let ledger = try LedgerStore.open(location)
        #expect(try await ledger.read { try $0.verify() }.entries == Int64(stores))
        await ledger.close()
    }

    @Test("stores that open a new database at once create its tables once", arguments: 0..<6)
    func sqlite(_ round: Int) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        try await Self.openTogether("sqlite:\(place.path)", stores: 8)
    }

    @Test(
        "the same on PostgreSQL", .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func postgreSQL() async throws {
        try await TemporaryPostgreSQL.with { server in
            try await Self.openTogether(server.url, stores: 5)
        }
    }
}

@Suite("The files of a ledger")
struct LedgerFileTests {
    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test(
        "no other user of the machine can read them, whether they are new or were open before",
        arguments: [false, true])
    func modes(exists: Bool) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mode-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        if exists {
            let ledger = try LedgerStore.sqlite(path: path)
            await ledger.close()
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        }
        let ledger = try LedgerStore.sqlite(path: path)
        try await ledger.heartbeat(leaseSeconds: 1)
        for end in ["", "-wal", "-shm", "-nodes"] { #expect(try Self.mode(path + end) == 0o600, "\(end)") }
        await ledger.close()
    }

    @Test("after the end the file alone holds everything")
    func checkpoint() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("end-\(UUID())").path
        let copy = path + "-copy"
        defer {
            for end in ["", "-wal", "-shm", "-nodes"] {
                try? FileManager.default.removeItem(atPath: path + end)
                try? FileManager.default.removeItem(atPath: copy + end)
            }
        }
        let ledger = try LedgerStore.sqlite(path: path)
        for number in 1...50 {
            try await ledger.write {
                try $0.setBudget(Budget(scope: .team("t\(number)"), limit: .usd(Money(nanoUSD: 1))), at: .now())
            }
        }
        await ledger.close()
        let log = (try? FileManager.default.attributesOfItem(atPath: path + "-wal"))?[.size] as? Int ?? 0
        #expect(log == 0)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let copied = try LedgerStore.sqlite(path: copy)
        #expect(try await copied.read { try $0.budgets(of: [.team("t50")], at: .now()) }.count == 1)
        await copied.close()
    }

    @Test("a ledger that cannot be written says so when it is asked")
    func writeCheck() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let isFull = Mutex(false)
        let ledger = try LedgerStore.open(
            "sqlite:\(path)",
            faults: FaultPoints { point throws(LedgerError) in
                if point == "COMMIT", isFull.withLock({ $0 }) { throw .diskFull(database: "d") }
            })
        try await ledger.checkWritable()
        isFull.withLock { $0 = true }
        await #expect(throws: LedgerError.diskFull(database: "d")) { try await ledger.checkWritable() }
        _ = try await ledger.read { try $0.openReservations() }
        await ledger.close()
    }
}
