import Synchronization

/// What a reading has worked out already: one decision asks for the same pair of models several times (SSE, SLE, CD, DP).
final class RunCache: Sendable {
    /// By model and steps ahead.
    private let directions = Mutex<[Int: ExpectedDirection]>([:])
    /// By pair and position.
    private let shares = Mutex<[Int: [Float]?]>([:])

    func direction(_ key: Int, _ make: () -> ExpectedDirection) -> ExpectedDirection {
        if let known = directions.withLock({ $0[key] }) { return known }
        let made = make()
        directions.withLock { $0[key] = made }
        return made
    }

    func distances(_ key: Int, _ make: () -> [Float]?) -> [Float]? {
        if let known = shares.withLock({ $0[key] }) { return known }
        let made = make()
        shares.withLock { $0[key] = made }
        return made
    }
}
