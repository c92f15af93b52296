import Dispatch
import Domain
import Foundation
import Synchronization
import Testing

@testable import Ledger

/// Commits do not wait for the disk; their callers do.
@Suite struct FlushTests {
    /// Blocks every flush until `letGo`.
    private final class Gate: Sendable {
        let flushes = Atomic<Int>(0)
        let answered = Atomic<Int>(0)
        private let semaphore = DispatchSemaphore(value: 0)

        var points: FaultPoints {
            FaultPoints { [self] point in
                guard point == "flush" else { return }
                flushes.add(1, ordering: .relaxed)
                semaphore.wait()
            }
        }

        func letGo() { semaphore.signal() }
    }

    @Test("callers resume after the flush, and the next group is written meanwhile")
    func order() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let gate = Gate()
        let ledger = try LedgerStore.open("sqlite:\(place.path)", faults: gate.points)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask {
                    _ = try await ledger.reserve(Sample.request("r\(number)", nanoUSD: 5))
                    gate.answered.add(1, ordering: .relaxed)
                }
            }
            // All three are committed while the first flush stands still, and one more flush is enough for the rest.
            while try await ledger.read({ try $0.openReservations() }).count < 3 {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(gate.answered.load(ordering: .relaxed) == 0)
            for _ in 0..<3 { gate.letGo() }
            try await group.waitForAll()
        }
        #expect((1...2).contains(gate.flushes.load(ordering: .relaxed)))
        gate.letGo()
        await ledger.close()
    }

    @Test("a log that has grown behind a long reader is truncated when the reader has ended")
    func longReader() async throws {
        try await TemporaryLedger.with { ledger, place in
            func logBytes() throws -> Int {
                let file = try FileManager.default.attributesOfItem(atPath: place.path + "-wal")
                return try #require(file[.size] as? Int)
            }
            func write(megabytes: Int, _ name: String) async throws {
                for number in 0..<megabytes {
                    try await ledger.write {
                        try $0.saveJob(
                            JobRecord(
                                id: "\(name)\(number)", status: .queued, spec: Array(repeating: 32, count: 1 << 20),
                                state: [],
                                createdAt: Sample.noon, updatedAt: Sample.noon))
                    }
                }
            }
            let (reads, reading) = AsyncStream.makeStream(of: Void.self)
            let end = DispatchSemaphore(value: 0)
            async let read: Void = ledger.read { session in
                _ = try session.connection.row("SELECT COUNT(*) FROM entry")
                reading.yield()
                end.wait()
            }
            for await _ in reads { break }
            try await write(megabytes: 36, "behind the reader")
            #expect(try logBytes() > 36 << 20)
            end.signal()
            try await read
            try await write(megabytes: 20, "afterwards")
            #expect(try logBytes() <= 32 << 20)
        }
    }

    @Test("SQLite runs with a write-ahead log, its flushes and foreign keys")
    func settings() throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let database = try SQLiteDatabase(path: place.path)
        var settings: [String] = []
        database.withWriter { connection in
            for setting in ["synchronous", "journal_mode", "foreign_keys", "busy_timeout"] {
                guard let row = try? connection.row("PRAGMA \(setting)") else { continue }
                settings.append("\(setting) \(row.optionalText(0) ?? String(row.integer(0)))")
            }
        }
        // 1 is NORMAL: checkpoints reach the disk by themselves, commits by `flush`.
        #expect(settings == ["synchronous 1", "journal_mode wal", "foreign_keys 1", "busy_timeout 5000"])
        try database.flush(database.flushTicket())
        database.close()
    }

    @Test("when a flush fails, the callers get the error, nothing more is written, and a retry books once")
    func lostWrites() async throws {
        let place = try TemporaryLedger()
        defer { place.remove() }
        let broken = LedgerStore(database: UnflushableDatabase(base: try SQLiteDatabase(path: place.path)))
        let lost = LedgerError.writesLost(database: place.path, detail: "Input/output error")
        await #expect(throws: lost) { try await broken.append(Sample.entry("e", nanoUSD: 5)) }
        await #expect(throws: lost) { try await broken.append(Sample.entry("later", nanoUSD: 5)) }
        #expect(lost.description.contains("repeat the operation with the same ids"))
        await broken.close()

        let ledger = try place.open()
        let request = Sample.request("r", nanoUSD: 5)
        _ = try await ledger.reserve(request)
        _ = try await ledger.reserve(request)
        #expect(try await ledger.read { try $0.openReservations() }.count == 1)
        #expect(try await ledger.read { try $0.entry("later") } == nil)
        #expect(try await ledger.read { try $0.verify() }.isSound)
        await ledger.close()
    }

    @Test(
        "a commit that a crashed server may have lost is not acknowledged, and its names are inserted again",
        .enabled(if: TemporaryPostgreSQL.isAvailable, "no PostgreSQL server is here"))
    func crashBeforeFlush() async throws {
        try await TemporaryPostgreSQL.with { server in
            let gate = Gate()
            let ledger = try LedgerStore.open(server.url, faults: gate.points)
            let call = Sample.call(run: "a run that nobody knew")
            let request = Sample.request("r", nanoUSD: 5, call: call)
            async let reserved = ledger.reserve(request)
            while gate.flushes.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(2)) }
            try server.crashAndRestart()
            gate.letGo()
            do {
                _ = try await reserved
                Issue.record("acknowledged what may be lost")
            } catch {
                #expect((error as? LedgerError)?.description.contains("cannot be reached") == true, "\(error)")
            }
            // Whether it was lost or not: the same again is one reservation, and its run has a name.
            for _ in 0..<100 { gate.letGo() }
            try await Self.persist { _ = try await ledger.reserve(request) }
            try await Self.persist { _ = try await ledger.settle("r", Sample.entry("r", nanoUSD: 4, call: call)) }
            #expect(try await ledger.read { try $0.entries(ofRun: call.runID) }.map(\.id) == ["r"])
            #expect(try await ledger.read { try $0.verify() }.differences == [])
            await ledger.close()
        }
    }

    /// Retries while the server is unreachable.
    private static func persist(_ body: () async throws -> Void) async throws {
        for _ in 0..<20 {
            do {
                return try await body()
            } catch {
                guard case LedgerError.unreachable = error else { throw error }
            }
        }
        try await body()
    }
}

/// A database whose disk fails.
private struct UnflushableDatabase: SQLDatabase {
    let base: SQLiteDatabase

    var owner: String { base.owner }

    func withWriter(_ body: (any SQLConnection) -> Void) { base.withWriter(body) }

    func flushTicket() -> Int { 0 }

    func flush(_ ticket: Int) throws(LedgerError) {
        throw .writesLost(database: base.path, detail: "Input/output error")
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value { try await base.read(body) }

    func isPresent(_ owner: String, on connection: any SQLConnection) -> Bool { true }

    func leaseClock(on connection: any SQLConnection) -> Int64 { base.leaseClock(on: connection) }

    func serverAge(on connection: any SQLConnection) -> Int64? { nil }

    func announce(_ notices: Set<LedgerNotification>, on connection: any SQLConnection) {}

    func announced(_ notices: Set<LedgerNotification>) {}

    func notices() -> AsyncStream<LedgerNotification> { base.notices() }

    func close() { base.close() }
}
