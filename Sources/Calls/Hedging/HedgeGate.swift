import Synchronization

/// Lets one of several requests for the same answer win: the first that has something of it. The others are told.
final class HedgeGate: Sendable {
    private struct State {
        var winner: Int?
        var losers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// Whether nothing has come yet.
    var isOpen: Bool { state.withLock { $0.winner == nil } }

    /// Claims the answer for a request; false where another one has it.
    func claim(_ number: Int) -> Bool {
        let losers = state.withLock { state -> [AsyncStream<Void>.Continuation]? in
            if let winner = state.winner { return winner == number ? [] : nil }
            state.winner = number
            return state.losers.filter { $0.key != number }.map(\.value)
        }
        guard let losers else { return false }
        for loser in losers { loser.yield() }
        return true
    }

    /// Runs a request until it ends, or another one has claimed the answer. Then its task is cancelled.
    func run<Result: Sendable>(_ number: Int, _ body: @escaping @Sendable () async -> Result) async -> Result? {
        let (lost, continuation) = AsyncStream.makeStream(of: Void.self)
        let isLate = state.withLock { state in
            state.losers[number] = continuation
            return state.winner.map { $0 != number } ?? false
        }
        if isLate { continuation.yield() }
        return await withTaskGroup(of: Result?.self) { group in
            group.addTask { await body() }
            group.addTask {
                for await _ in lost { break }
                return nil
            }
            var result: Result?
            for await ended in group {
                if let ended { result = ended }
                group.cancelAll()
            }
            return result
        }
    }
}
