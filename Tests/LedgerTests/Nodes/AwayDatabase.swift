import Synchronization

@testable import Ledger

/// A database that can be out of reach for a while.
final class AwayDatabase: SQLDatabase {
    private let base: any SQLDatabase
    private let isAway = Mutex(false)

    init(_ base: any SQLDatabase) { self.base = base }

    func goAway(_ away: Bool) { isAway.withLock { $0 = away } }

    private func check() throws(LedgerError) {
        if isAway.withLock({ $0 }) { throw .unreachable("it is away") }
    }

    var owner: String { base.owner }

    func withWriter(_ body: (any SQLConnection) -> Void) throws(LedgerError) {
        try check()
        try base.withWriter(body)
    }

    func flushTicket() throws(LedgerError) -> Int { try base.flushTicket() }

    func flush(_ ticket: Int) throws(LedgerError) { try base.flush(ticket) }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(LedgerError) -> Value
    ) async throws(LedgerError) -> Value {
        try check()
        return try await base.read(body)
    }

    func isPresent(_ owner: String, on connection: any SQLConnection) throws(LedgerError) -> Bool {
        try base.isPresent(owner, on: connection)
    }

    func leaseClock(on connection: any SQLConnection) throws(LedgerError) -> Int64 {
        try base.leaseClock(on: connection)
    }

    func serverAge(on connection: any SQLConnection) throws(LedgerError) -> Int64? {
        try base.serverAge(on: connection)
    }

    func announce(_ notices: Set<LedgerNotice>, on connection: any SQLConnection) throws(LedgerError) {
        try base.announce(notices, on: connection)
    }

    func announced(_ notices: Set<LedgerNotice>) { base.announced(notices) }

    func notices() -> AsyncStream<LedgerNotice> { base.notices() }

    func close() { base.close() }
}
