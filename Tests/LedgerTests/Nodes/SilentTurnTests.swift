import Dispatch
import Domain
import Testing

@testable import Ledger

/// Nodes on PostgreSQL that have the turn, and what the others do.
@Suite(
    .serialized, .enabled(if: TemporaryPostgreSQL.isAvailable, "built without libpq, or no PostgreSQL server is here"))
struct SilentTurnTests {
    /// Where a node hangs within its turn.
    enum Place: CaseIterable {
        /// It has its results and sends nothing more.
        case betweenStatements
        /// It has sent a part of what belongs together: to the server it is at work.
        case inTheMiddleOfSending
    }

    @Test("a node that hangs within its turn loses it, and the others continue", arguments: Place.allCases)
    func silent(at place: Place) async throws {
        try await TemporaryPostgreSQL.with { server in
            let other = LedgerStore(database: try PostgreSQLDatabase(url: server.url, turnSeconds: 1))
            let (url, end) = (server.url, DispatchSemaphore(value: 0))
            let (turns, turn) = AsyncStream.makeStream(of: Void.self)
            async let wasLost = Self.onThread {
                // The turn ends with the connection, after ten seconds at the latest.
                guard let connection = try? PostgreSQLConnection(url: url) else { return false }
                Self.take(turnOf: connection, at: place)
                turn.yield()
                guard end.wait(timeout: .now() + 10) == .success else { return false }
                return (try? connection.results([])) == nil
            }
            for await _ in turns { break }
            try await other.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 1))), at: Sample.noon)
            }
            end.signal()
            #expect(await wasLost, "the other one had to wait until the silent one went on")
            await other.close()
        }
    }

    @Test("a node that works within its turn keeps it, however long the others wait, new ones included")
    func busy() async throws {
        try await TemporaryPostgreSQL.with { server in
            let busy = try PostgreSQLDatabase(url: server.url)
            let other = LedgerStore(database: try PostgreSQLDatabase(url: server.url, turnSeconds: 0.1))
            let (turns, turn) = AsyncStream.makeStream(of: Void.self)
            let url = server.url
            async let worked = Self.onThread {
                var worked = false
                try? busy.withWriter { connection in
                    do throws(LedgerError) {
                        for statement in connection.dialect.begin { try connection.execute(statement, []) }
                        turn.yield()
                        try connection.execute("SELECT pg_sleep(0.7)", [])
                        try connection.execute("COMMIT", [])
                        worked = true
                    } catch {}
                }
                return worked
            }
            for await _ in turns { break }
            async let opened = PostgreSQLDatabase(url: url, turnSeconds: 0.1)
            try await other.write {
                try $0.setBudget(Budget(scope: .global, limit: .usd(Money(nanoUSD: 1))), at: Sample.noon)
            }
            #expect(await worked, "its session was ended")
            try await opened.close()
            await other.close()
            busy.close()
        }
    }

    private static func take(turnOf connection: PostgreSQLConnection, at place: Place) {
        do throws(LedgerError) {
            for statement in connection.dialect.beginUnflushed { connection.enqueue(statement, []) }
            switch place {
            case .betweenStatements: try connection.execute("SELECT 1", [])
            case .inTheMiddleOfSending:
                // More than libpq keeps back: the first statements are on their way, and what ends them is not.
                let long = SQLQuery("SELECT LENGTH(?)", [.text(String(repeating: "x", count: 1 << 20))])
                _ = try connection.send([long])
            }
        } catch {
            Issue.record("\(error)")
        }
    }

    private static func onThread(_ work: @escaping @Sendable () -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }
}
