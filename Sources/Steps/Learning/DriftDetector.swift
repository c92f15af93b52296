/// Notices that a model's answers turn out otherwise than predicted: the mean error of the newest predictions leaves
/// what chance allows. A pure state machine.
package struct DriftDetector: Hashable, Sendable {
    /// Newest observations looked at.
    package static let window = 40
    /// Smaller errors are no drift, however certain.
    package static let leastError = 0.1

    private var errors: [Double] = []

    package init() {}

    /// Takes in a prediction and its outcome; true where drift is seen, after which the watch starts anew.
    package mutating func observe(predicted: Double, outcome: Double) -> Bool {
        guard (predicted - outcome).isFinite else { return false }
        errors.append(outcome - predicted)
        if errors.count > Self.window { errors.removeFirst() }
        guard errors.count == Self.window else { return false }
        let count = Double(errors.count)
        let mean = errors.reduce(0, +) / count
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        // Three standard errors: about one false alarm in 370 windows.
        guard abs(mean) > max(Self.leastError, 3 * (variance / count).squareRoot()) else { return false }
        errors = []
        return true
    }
}
