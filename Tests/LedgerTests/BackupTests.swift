import Domain
import Foundation
import Testing

@testable import Ledger

@Suite("Backups and inspections of a ledger")
struct BackupTests {
    @Test("a backup beside a writer is whole, and has everything that was booked before it began")
    func beside() async throws {
        try await TemporaryLedger.with { ledger, place in
            for number in 0..<50 { try await ledger.append(Sample.entry("before-\(number)", nanoUSD: 7)) }
            let target = place.directory.appendingPathComponent("copy.sqlite").path
            let location = "sqlite:\(place.path)"
            async let writes: Void = {
                for number in 0..<200 { try await ledger.append(Sample.entry("beside-\(number)", nanoUSD: 7)) }
            }()
            let backup = try LedgerBackup(of: location, to: target)
            try await writes
            #expect(backup.entries >= 50 && backup.bytes > 0)
            let attributes = try FileManager.default.attributesOfItem(atPath: target)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(!FileManager.default.fileExists(atPath: target + ".part"))

            let copy = try LedgerStore.sqlite(path: target)
            let report = try await copy.read { try $0.verify() }
            #expect(report.isSound && report.entries == backup.entries)
            #expect(try await copy.read { try $0.entry("before-49") } != nil)
            await copy.close()
        }
    }

    @Test("a file that exists is not replaced, and a ledger that does not exist has no backup")
    func refusals() async throws {
        try await TemporaryLedger.with { _, place in
            let target = place.directory.appendingPathComponent("copy.sqlite").path
            try Data("mine".utf8).write(to: URL(fileURLWithPath: target))
            #expect(throws: LedgerError.self) { try LedgerBackup(of: "sqlite:\(place.path)", to: target) }
            #expect(FileManager.default.contents(atPath: target) == Data("mine".utf8))
            #expect(throws: LedgerError.self) { try LedgerBackup(of: "sqlite:\(place.path)-none", to: target + "2") }
            #expect(throws: LedgerError.self) { try LedgerBackup(of: "postgres://x@h/d", to: target + "3") }
        }
    }

    @Test("an inspection creates and migrates nothing")
    func inspection() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let missing = try LedgerInspection(of: "sqlite:\(place.path)")
        #expect(!missing.exists && missing.pending.count == LedgerMigration.all.count)
        #expect(!FileManager.default.fileExists(atPath: place.path))
        await (try place.open()).close()
        let present = try LedgerInspection(of: "sqlite:\(place.path)")
        #expect(present.exists && present.pending == [] && present.unknown == [])
        // An edit opens the ledger, and a ledger of a later version is not opened: it comes last.
        try place.edit("UPDATE grdb_migrations SET identifier = '99 later' WHERE identifier = '14 decisions by time'")
        let edited = try LedgerInspection(of: "sqlite:\(place.path)")
        #expect(edited.unknown == ["99 later"] && edited.pending == ["14 decisions by time"])
    }
}
