import Domain
import Foundation
import Testing

@testable import Ledger

@Suite struct FaultTests {
    @Test("the error of a missing directory names it")
    func noDirectory() {
        let error = #expect(throws: LedgerError.self) { try LedgerStore.sqlite(path: "/nowhere/at/all/ledger.sqlite") }
        #expect(error?.description.contains("there is no directory /nowhere/at/all") == true)
    }

    @Test("the error of a directory in place of the file names it")
    func directory() throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        #expect(throws: LedgerError.cannotOpen(database: place.directory.path, detail: "it is a directory")) {
            try LedgerStore.sqlite(path: place.directory.path)
        }
    }

    @Test("a file that is no database is refused and unchanged")
    func corrupt() throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
        try garbage.write(to: URL(fileURLWithPath: place.path))
        let error = #expect(throws: LedgerError.self) { try place.open() }
        guard case .corrupt = error else {
            Issue.record("not corrupt: \(String(describing: error))")
            return
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.path)) == garbage)
    }

    @Test(
        "a read-only directory is named", .disabled(if: getuid() == 0, "root may write everywhere"))
    func readOnly() throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: place.directory.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: place.directory.path) }
        let error = #expect(throws: LedgerError.self) { try place.open() }
        #expect(error?.description.contains("read-only") == true)
    }

    @Test("a database of a newer version is refused, and the error names its unknown migrations")
    func newer() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        await (try place.open()).close()
        try place.edit("INSERT INTO grdb_migrations VALUES ('99 from the future')")
        #expect(throws: LedgerError.newerVersion(database: place.path, migrations: ["99 from the future"])) {
            try place.open()
        }
    }

    @Test(
        "a database of every earlier version is migrated and keeps its entries",
        arguments: LedgerMigration.all.indices.map { $0 + 1 })
    func earlier(_ version: Int) async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let old = LedgerStore(
            database: try SQLiteDatabase(path: place.path, migrations: Array(LedgerMigration.all.prefix(version))))
        try await old.append(Sample.entry("e", nanoUSD: 5))
        try EarlierLedger.rollUp(old.database, migrations: version)
        await old.close()
        let ledger = try place.open()
        try await EarlierLedger.checkRollups(of: ledger)
        #expect(try await ledger.read { try $0.entry("e") }?.result.figures.cost.total == Money(nanoUSD: 5))
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        #expect(try await ledger.read { try $0.keys() }.isEmpty)
        #expect(try await ledger.read { try $0.batches(limit: 1) }.isEmpty)
        await ledger.close()
    }

    @Test(
        "entries can neither be changed nor deleted by any program",
        arguments: [
            "UPDATE entry SET api = 0", "DELETE FROM entry",
        ])
    func appendOnly(_ statement: String) async throws {
        try await TemporaryLedger.with { ledger, place in
            try await ledger.append(Sample.entry("e", nanoUSD: 5))
            let error = #expect(throws: LedgerError.self) { try place.edit(statement) }
            #expect(error?.description.contains("append-only") == true)
        }
    }

    @Test("verify finds an edited total and an edited roll-up")
    func editedTotals() async throws {
        try await TemporaryLedger.with { ledger, place in
            try await ledger.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 100))), at: Sample.noon)
            }
            try await ledger.append(Sample.entry("e", nanoUSD: 5))
            try await ledger.rollUp()
            #expect(try await ledger.read { try $0.verify() }.isSound)
            try place.edit("UPDATE budget_total SET spent = spent - 1")
            try place.edit("UPDATE rollup_sum SET api = 3 WHERE span = 3600000")
            let differences = try await ledger.read { try $0.verify() }.differences.map(\.description)
            #expect(differences.count == 2)
            #expect(differences.first?.contains("budget global usd none") == true)
            #expect(differences.last?.contains("kept api 3, the entries say api 5") == true)
        }
    }

    @Test("a full disk is reported, the refused operation books nothing, and writing continues when there is space")
    func diskFull() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        guard mount(place.directory.path, size: "2m") else {
            print("skipped: mounting a tmpfs is not permitted here")
            return
        }
        defer { unmount(place.directory.path) }
        let ledger = try place.open()
        try await ledger.write {
            try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: .max))), at: Sample.noon)
        }
        let ballast = place.directory.appendingPathComponent("ballast")
        try Data(count: 600_000).write(to: ballast)
        var booked = 0
        var failure: LedgerError?
        while failure == nil, booked < 100_000 {
            do {
                let job = JobRecord(
                    id: "j\(booked)", status: .queued, spec: Array(repeating: 32, count: 4000), state: [],
                    createdAt: Sample.noon, updatedAt: Sample.noon)
                try await ledger.write { try $0.saveJob(job) }
                try await ledger.append(Sample.entry("e\(booked)", nanoUSD: 5))
                booked += 1
            } catch {
                failure = error
            }
        }
        #expect(failure == .diskFull(database: place.path))
        #expect(try await ledger.read { try $0.verify() }.differences == [])
        try FileManager.default.removeItem(at: ballast)
        try await ledger.append(Sample.entry("after", nanoUSD: 5))
        let report = try await ledger.read { try $0.verify() }
        #expect(report.isSound)
        #expect(report.entries >= Int64(booked) + 1)
        #expect(try await ledger.read { try $0.budgets(of: nil, at: Sample.noon) }.first?.spent == report.entries * 5)
        await ledger.close()
    }

    private func mount(_ path: String, size: String) -> Bool {
        run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path])
    }

    private func unmount(_ path: String) { _ = run("/bin/umount", [path]) }

    private func run(_ program: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
