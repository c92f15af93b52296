import Dialects
import Upstream

/// The result of a probe.
package struct ProbeResult: Hashable, Sendable {
    /// Whether a server answered in the expected dialect, even with a rejection of the key.
    package let isReachable: Bool
    /// Names of the served models; empty if the server does not list them.
    package let models: [String]
    /// Seconds to the first byte; nil without an answer.
    package let firstByteSeconds: Double?
    /// The problem, as text; nil for none.
    package let problem: String?

    package init(isReachable: Bool, models: [String], firstByteSeconds: Double?, problem: String?) {
        self.isReachable = isReachable
        self.models = models
        self.firstByteSeconds = firstByteSeconds
        self.problem = problem
    }
}
