package import Dialects
package import Domain
import Synchronization

/// What each model's server has refused, so that it is not sent again.
///
/// Bounded, and empty after a restart. A change is forgotten after an hour, so that a server's update is noticed.
package final class MendMemory: Sendable {
    private struct Name: Hashable {
        let baseURL: String
        let modelName: String

        init(_ endpoint: Endpoint) {
            baseURL = endpoint.baseURL
            modelName = endpoint.modelName
        }
    }

    private struct KnownMend {
        let mend: RequestMend
        let end: Timestamp
    }

    private static let mostModels = 1000
    private static let mostMends = 32
    private static let lifeSeconds = 3600.0

    private let known = Mutex<[Name: [KnownMend]]>([:])
    /// Until when a model's server is not asked for log-probabilities.
    private let silent = Mutex<[Name: Timestamp]>([:])

    package init() {}

    /// Whether a model's server has refused to give log-probabilities within the last hour.
    package func refusesLogProbabilities(_ endpoint: Endpoint, at now: Timestamp = .now()) -> Bool {
        silent.withLock { $0[Name(endpoint)] }.map { now < $0 } ?? false
    }

    /// Records that a model's server took a request without the log-probabilities that it had refused with them.
    package func recordRefusedLogProbabilities(_ endpoint: Endpoint, at now: Timestamp = .now()) {
        silent.withLock { silent in
            if silent.count >= Self.mostModels { silent.removeAll() }
            silent[Name(endpoint)] = now.advanced(bySeconds: Self.lifeSeconds)
        }
    }

    /// The changes of the last hour that made a model's server take requests, in their order.
    package func mends(of endpoint: Endpoint, at now: Timestamp = .now()) -> [RequestMend] {
        let all = known.withLock { $0[Name(endpoint)] } ?? []
        return all.filter { now < $0.end }.map(\.mend)
    }

    /// Records changes with which a server took a request that it had refused.
    package func record(_ mends: [RequestMend], of endpoint: Endpoint, at now: Timestamp = .now()) {
        guard !mends.isEmpty else { return }
        let end = now.advanced(bySeconds: Self.lifeSeconds)
        known.withLock { known in
            if known[Name(endpoint)] == nil, known.count >= Self.mostModels { known.removeAll() }
            let earlier = known[Name(endpoint), default: []].filter { now < $0.end }
            let new = mends.filter { mend in !earlier.contains { $0.mend == mend } }
            let all = earlier + new.map { KnownMend(mend: $0, end: end) }
            known[Name(endpoint)] = Array(all.suffix(Self.mostMends))
        }
    }
}
