import Estimation

/// Logistic regression on few dense features, with a normal prior for every coefficient, by Newton's method.
enum RidgeLogistic {
    /// - Parameters:
    ///   - precision: by coefficient, how strongly it is held to its prior mean.
    /// - Returns: the coefficients, in the order of the features.
    static func fit(_ x: [[Double]], _ y: [Double], mean: [Double], precision: [Double]) -> [Double] {
        let size = mean.count
        var beta = mean
        for _ in 0..<30 {
            var gradient = (0..<size).map { precision[$0] * (beta[$0] - mean[$0]) }
            var hessian = [Double](repeating: 0, count: size * size)
            for index in 0..<size { hessian[index * size + index] = precision[index] }
            for (row, target) in zip(x, y) {
                let p = logistic(zip(row, beta).reduce(0) { $0 + $1.0 * $1.1 })
                let curvature = max(p * (1 - p), 1e-5)
                for i in 0..<size {
                    gradient[i] += (p - target) * row[i]
                    for j in 0...i { hessian[i * size + j] += curvature * row[i] * row[j] }
                }
            }
            let step = Cholesky.solve(&hessian, gradient, size: size)
            for index in 0..<size { beta[index] -= min(max(step[index], -2), 2) }
            if step.allSatisfy({ abs($0) < 1e-7 }) { break }
        }
        return beta
    }
}
