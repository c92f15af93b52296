import Domain
import Testing

@testable import Ledger

/// What versions before "roll-ups that follow the entries" wrote, whose code is gone.
enum EarlierLedger {
    private static let firstWithout = 9

    /// Adds all entries to the roll-ups of before, as each transaction did with its own.
    static func rollUp(_ database: any SQLDatabase, migrations: Int) throws {
        if migrations > firstWithout { return }
        var result: Result<Void, LedgerError> = .success(())
        try database.withWriter { connection in
            result = Result { () throws(LedgerError) in
                let transaction = LedgerTransaction(connection: connection)
                for span in [RollupSlot.hourMilliseconds, RollupSlot.dayMilliseconds] {
                    for (slot, sums) in try transaction.entrySums(span: span, where: "1 = 1", []) {
                        let numbers = [span, slot.hour] + slot.dimensions + sums.values
                        try connection.execute(
                            "INSERT INTO rollup VALUES (\(LedgerTransaction.placeholders(numbers.count + 1)))",
                            numbers.map { .integer($0) } + [.blob(sums.latency.bytes)])
                    }
                }
            }
        }
        try result.get()
    }

    /// What is booked of the one entry of 5 nano-USD is in the roll-ups or behind them, and not in both.
    static func checkRollups(of ledger: LedgerStore) async throws {
        let query = DashboardQuery(
            from: Sample.noon.advanced(bySeconds: -86_400), to: Sample.noon.advanced(bySeconds: 86_400),
            groupBy: [.model])
        for _ in 0..<2 {
            let totals = try await ledger.read { try $0.dashboard(query) }.totals
            #expect(totals.calls == 1 && totals.cost.total == Money(nanoUSD: 5) && totals.latency.count == 1)
            try await ledger.rollUp()
        }
        #expect(try await ledger.read { try $0.verify() }.rollups == 2)
    }
}
