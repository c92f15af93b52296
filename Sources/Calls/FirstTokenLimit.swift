import Domain
import Synchronization
import Upstream

/// Breaks a stream off whose first token comes later than its policy allows (`first_token_s`).
final class FirstTokenLimit: Sendable {
    private enum State {
        case waiting, begun, late
    }

    private enum Event<Value: Sendable>: Sendable {
        case ended(Result<Value, UpstreamError>)
        case timeIsUp
        case stopped
    }

    /// Seconds from the request on.
    private let seconds: Double
    private let state = Mutex(State.waiting)

    init(seconds: Double) { self.seconds = seconds }

    /// Records the first token, before anything is passed on. Returns false where it is too late.
    func begin() -> Bool {
        state.withLock { state in
            if state == .waiting { state = .begun }
            return state == .begun
        }
    }

    private func expire() -> Bool {
        state.withLock { state in
            if state == .waiting { state = .late }
            return state == .late
        }
    }

    private var isLate: Bool { state.withLock { $0 == .late } }

    /// Runs a call. Its task is cancelled when the time is up before `begin`.
    ///
    /// - Parameter host: the server, for the error.
    func run<Value: Sendable>(
        host: String, _ call: @escaping @Sendable () async throws(UpstreamError) -> Value
    ) async throws(UpstreamError) -> Value {
        let result = await withTaskGroup(of: Event<Value>.self) { group -> Result<Value, UpstreamError>? in
            group.addTask {
                do throws(UpstreamError) {
                    return .ended(.success(try await call()))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask { [seconds] in
                (try? await Task.sleep(for: .seconds(seconds))) == nil ? .stopped : .timeIsUp
            }
            var result: Result<Value, UpstreamError>?
            for await event in group {
                switch event {
                case .ended(let ended):
                    result = ended
                    group.cancelAll()
                case .timeIsUp: if expire() { group.cancelAll() }
                case .stopped: break
                }
            }
            return result
        }
        guard isLate, let result else { return try (result ?? .failure(.cancelled)).get() }
        // What was not sent by then, as where its key had to be fetched, is not billed.
        let isUnsent = if case .failure(let error) = result { !error.mayHaveBeenBilled } else { false }
        throw .timeout(isUnsent ? .queue : .firstToken, after: .seconds(seconds), host: host, bytesReceived: 0)
    }
}
