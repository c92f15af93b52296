import Estimation

/// Texts as sparse rows: the features of a text and their weights.
struct SparseRows: Sendable {
    /// The start of each row in `columns`; one more than there are rows.
    var starts: [Int] = [0]
    var columns: [Int32] = []
    var values: [Float] = []
    let width: Int

    init(width: Int) { self.width = width }

    var count: Int { starts.count - 1 }

    mutating func append(_ row: [(column: Int32, value: Float)]) {
        for (column, value) in row {
            columns.append(column)
            values.append(value)
        }
        starts.append(columns.count)
    }

    /// X W for the given rows: one result row for each, in their order.
    func times(_ weights: [Lane], stride: Int, rows: [Int], into result: inout [Lane]) {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                weights.withUnsafeBufferPointer { weights in
                    result.withUnsafeMutableBufferPointer { result in
                        for (position, row) in rows.enumerated() {
                            let out = position * stride
                            for lane in 0..<stride { result[out + lane] = .zero }
                            for entry in starts[row]..<starts[row + 1] {
                                let base = Int(columns[entry]) * stride
                                let value = values[entry]
                                for lane in 0..<stride { result[out + lane] += value * weights[base + lane] }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds X' R to `result`, where R has one row for each of the given rows.
    func addTransposeTimes(_ right: [Lane], stride: Int, rows: [Int], into result: inout [Lane]) {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                right.withUnsafeBufferPointer { right in
                    result.withUnsafeMutableBufferPointer { result in
                        for (position, row) in rows.enumerated() {
                            let from = position * stride
                            for entry in starts[row]..<starts[row + 1] {
                                let base = Int(columns[entry]) * stride
                                let value = values[entry]
                                for lane in 0..<stride { result[base + lane] += value * right[from + lane] }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Logistic regression on few dense features, with a normal prior per coefficient, by Newton's method.
enum RidgeLogistic {
    /// - Parameters:
    ///   - precision: by coefficient, the precision of its prior.
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
