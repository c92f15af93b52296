/// How an answer is tested once it is there (`verify`).
package struct Verification: Hashable, Sendable {
    package var isOn: Bool
    package var stream: StreamRule
    /// Least probability that the answer is acceptable; nil for the step's kappa.
    package var threshold: Double?

    package init(isOn: Bool = false, stream: StreamRule = .buffer, threshold: Double? = nil) {
        self.isOn = isOn
        self.stream = stream
        self.threshold = threshold
    }
}

/// What a stream does while its answer is not verified yet.
package enum StreamRule: String, CaseIterable, Hashable, Sendable {
    /// Held back until the verdict.
    case buffer
    /// Passed on at once: speed first. The verdict then only counts for the steps after it.
    case first
}
