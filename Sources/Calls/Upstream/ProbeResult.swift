import Dialects
import Upstream

/// What a liveness probe found.
package struct ProbeResult: Hashable, Sendable {
    /// Whether something answered in the expected dialect, if only to refuse the key.
    package let isReachable: Bool
    /// Names of the models that the server has; empty where it does not say.
    package let models: [String]
    /// Seconds until the answer began; nil where none did.
    package let firstByteSeconds: Double?
    /// What is wrong, for a person; nil where all is well.
    package let problem: String?

    package init(isReachable: Bool, models: [String], firstByteSeconds: Double?, problem: String?) {
        self.isReachable = isReachable
        self.models = models
        self.firstByteSeconds = firstByteSeconds
        self.problem = problem
    }
}
