/// Platt's scaling (Platt 1999): p = logistic(slope * z + offset), fitted on out-of-fold scores.
struct Calibration: Sendable, BitwiseCopyable {
    var slope: Float = 1
    var offset: Float = 0

    func probability(_ z: Float) -> Float { logistic(slope * z + offset) }

    /// Newton's method on the log loss with a pull towards (1, 0) that is worth `prior` rows.
    static func fit(_ scores: [Float], _ targets: [Float], prior: Double = 20) -> Calibration {
        var slope = 1.0
        var offset = 0.0
        for _ in 0..<25 {
            var g = (slope: prior * (slope - 1), offset: prior * 0.1 * offset)
            var h = (ss: prior, so: 0.0, oo: prior * 0.1)
            for (score, target) in zip(scores, targets) {
                let z = Double(score)
                let p = logistic(slope * z + offset)
                let residual = p - Double(target)
                let curvature = max(p * (1 - p), 1e-6)
                g.slope += residual * z
                g.offset += residual
                h.ss += curvature * z * z
                h.so += curvature * z
                h.oo += curvature
            }
            let determinant = h.ss * h.oo - h.so * h.so
            guard determinant > 1e-12 else { break }
            let step = (
                slope: (h.oo * g.slope - h.so * g.offset) / determinant,
                offset: (h.ss * g.offset - h.so * g.slope) / determinant
            )
            slope -= min(max(step.slope, -1), 1)
            offset -= min(max(step.offset, -1), 1)
            if abs(step.slope) + abs(step.offset) < 1e-6 { break }
        }
        return Calibration(slope: Float(max(slope, 0.05)), offset: Float(offset))
    }
}
