import Calls
import Domain
import Foundation
import Ledger
import Logging
import Testing

@Suite("A node's heartbeat")
struct HeartbeatServiceTests {
    @Test("ends, with the reason, once the ledger is one of a later version")
    func laterVersion() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("heartbeat-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let later = LedgerError.newerVersion(database: "the database", migrations: ["99 future"])
        let ledger = try LedgerStore.open(
            "sqlite:\(path)",
            faults: FaultPoints { point throws(LedgerError) in if point == "writer" { throw later } })
        let service = HeartbeatService(ledger: ledger, leaseSeconds: 10, logger: Logger(label: "test"))
        await #expect(throws: later) { try await service.run() }
        await ledger.close()
    }
}
