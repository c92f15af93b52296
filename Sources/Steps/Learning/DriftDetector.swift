/// Detects drift: the mean error of a model's latest predictions exceeds what chance allows. No I/O.
package struct DriftDetector: Hashable, Sendable {
    /// Number of latest observations.
    package static let window = 40
    /// Smaller mean errors never count as drift.
    package static let leastError = 0.1

    private var errors: [Double] = []

    package init() {}

    /// Records a prediction and its outcome; returns true on drift and then restarts.
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
