import Domain
import Synchronization

/// The keys of one issuer, read when they are needed and kept.
///
/// They are read one time at once, however many callers wait. A key that is not known is looked for anew once a minute
/// at most, so that invented ids cost the issuer nothing. Where the issuer does not answer, known keys serve for a day.
final class JWKCache: Sendable {
    private struct State {
        var keys: [JWK] = []
        var readAt: Timestamp?
        var triedAt: Timestamp?
        /// Why the last reading failed; nil where it did not.
        var fault: String?
        var isReading = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private enum Next {
        case have([JWK])
        case wait, read, unknown
        case unavailable(String)
    }

    /// After that, keys are read anew.
    private static let freshSeconds = 600.0
    /// After that, keys that could not be read anew are not used any more.
    private static let longestSeconds = 86_400.0
    /// Between two readings for keys that are not known.
    private static let pauseSeconds = 60.0
    /// After a reading that failed.
    static let pauseAfterFailure = 10.0

    private let state = Mutex(State())
    private let read: @Sendable () async -> Result<[JWK], JWTFault>

    /// - Parameter read: reads the keys of the issuer.
    init(read: @escaping @Sendable () async -> Result<[JWK], JWTFault>) { self.read = read }

    /// The keys that may have signed a token.
    func keys(for token: JWT, at now: Timestamp) async throws(JWTFault) -> [JWK] {
        while true {
            switch next(token.keyID, at: now) {
            case .have(let keys): return keys
            case .wait: await wait()
            case .read: await load(at: now)
            case .unavailable(let reason): throw .unavailable(reason)
            case .unknown:
                throw .bad(
                    "is signed with the key '\(token.keyID?.prefix(100) ?? "")' (`kid`), which its issuer does not list"
                )
            }
        }
    }

    private func next(_ id: String?, at now: Timestamp) -> Next {
        state.withLock { state in
            let age = state.readAt.map { now.seconds - $0.seconds } ?? .infinity
            // A source without ids has its keys for all tokens.
            let matching = id == nil ? state.keys : state.keys.filter { $0.id == nil || $0.id == id }
            if !matching.isEmpty, age < Self.freshSeconds { return .have(matching) }
            let usable = !matching.isEmpty && age < Self.longestSeconds
            if state.isReading { return usable ? .have(matching) : .wait }
            let pause = state.fault == nil ? Self.pauseSeconds : Self.pauseAfterFailure
            if state.triedAt.map({ now.seconds - $0.seconds >= pause }) ?? true {
                state.isReading = true
                return .read
            }
            if usable { return .have(matching) }
            return state.fault.map { .unavailable($0) } ?? .unknown
        }
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.isReading else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func load(at now: Timestamp) async {
        let result = await read()
        let waiting = state.withLock { state in
            state.isReading = false
            state.triedAt = now
            switch result {
            case .success(let keys):
                (state.keys, state.readAt, state.fault) = (keys, now, nil)
            case .failure(let fault):
                state.fault = fault.reason
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
