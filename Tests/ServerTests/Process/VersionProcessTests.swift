import Domain
import Foundation
import ScriptedUpstream
import Testing

@testable import Ledger

@Suite("Processes of an earlier version", .serialized)
struct VersionProcessTests {
    @Test("a service ends once a later version has brought its ledger's tables up to date, and says so by its code")
    func ends() async throws {
        try await ScriptedUpstream.with { _ in
            .models(["test/small"])
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let hera = try await HeraProcess.start(in: folder, leaseSeconds: 1)
            defer { hera.kill() }
            let database = try SQLiteDatabase(path: folder.appendingPathComponent("hera.sqlite").path)
            var written: Result<Int, LedgerError> = .success(0)
            database.withWriter { connection in
                written = Result { () throws(LedgerError) in
                    try connection.execute("INSERT INTO grdb_migrations VALUES ('99 future')", [])
                }
            }
            #expect(try written.get() == 1)
            database.close()
            #expect(try await hera.exitCode() == 65)
        }
    }
}
