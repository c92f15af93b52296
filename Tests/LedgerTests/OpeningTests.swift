import Domain
import Foundation
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
