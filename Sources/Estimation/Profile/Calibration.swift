/// Platt's scaling (Platt 1999): p = logistic(slope * z + offset), fitted on out-of-fold scores.
package struct Calibration: Sendable, BitwiseCopyable {
    var slope: Float = 1
    var offset: Float = 0

    package func probability(_ z: Float) -> Float { logistic(slope * z + offset) }

    /// Fits the scaling; see `PlattScaling`.
    package static func fit(_ scores: [Float], _ targets: [Float], prior: Double = 20) -> Calibration {
        let rows = zip(scores, targets).map { (z: Double($0), outcome: Double($1)) }
        let (slope, offset) = PlattScaling.fit(rows, prior: prior)
        return Calibration(slope: Float(slope), offset: Float(offset))
    }
}
