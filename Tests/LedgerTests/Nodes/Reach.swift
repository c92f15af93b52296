import Synchronization

@testable import Ledger

/// Lets a database be out of reach for a while.
final class Reach: Sendable {
    private let isAway = Atomic(false)

    func goAway(_ away: Bool) { isAway.store(away, ordering: .relaxed) }

    var points: FaultPoints {
        FaultPoints { [self] point throws(LedgerError) in
            if point == "writer" || point == "reader", isAway.load(ordering: .relaxed) {
                throw .unreachable("it is away")
            }
        }
    }
}
