package import Dialects
package import Domain
import Synchronization

/// What each model's server has refused, so that it is not sent again. Bounded, and empty after a restart.
package final class MendMemory: Sendable {
    private struct Name: Hashable {
        let baseURL: String
        let modelName: String

        init(_ endpoint: Endpoint) {
            baseURL = endpoint.baseURL
            modelName = endpoint.modelName
        }
    }

    private static let mostModels = 1000
    private static let mostMends = 32

    private let known = Mutex<[Name: [RequestMend]]>([:])

    package init() {}

    /// The changes that made a model's server take requests, in their order.
    package func mends(of endpoint: Endpoint) -> [RequestMend] {
        known.withLock { $0[Name(endpoint)] } ?? []
    }

    /// Records changes with which a server took a request that it had refused.
    package func record(_ mends: [RequestMend], of endpoint: Endpoint) {
        guard !mends.isEmpty else { return }
        known.withLock { known in
            if known[Name(endpoint)] == nil, known.count >= Self.mostModels { known.removeAll() }
            let earlier = known[Name(endpoint), default: []]
            let new = mends.filter { !earlier.contains($0) }
            known[Name(endpoint)] = Array((earlier + new).suffix(Self.mostMends))
        }
    }
}
