import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension LinearHead {
    /// Ridge regression of log q on standardised dense features, per model with at least twenty known rows.
    static func fit(_ dense: [[Float]], _ quantity: LaneTable, penalty: Double = 20) -> LinearHead {
        let features = dense.first?.count ?? 0
        let models = quantity.width
        var head = LinearHead(
            weights: LaneTable(rows: features + 1, width: models), deviations: [Float](repeating: 0, count: models),
            smears: [Float](repeating: 1, count: models), counts: [Int32](repeating: 0, count: models))
        var scaler = Standardizer(dense)
        if features == 0 { scaler = Standardizer([[]]) }
        for model in 0..<models {
            let rows = dense.indices.filter { quantity[$0, model] > 0 }
            if rows.count < 20 { continue }
            let size = features + 1
            var gram = [Double](repeating: 0, count: size * size)
            var right = [Double](repeating: 0, count: size)
            for row in rows {
                let x = scaler.apply(dense[row])
                let y = Double(log(quantity[row, model]))
                for i in 0..<size {
                    right[i] += x[i] * y
                    for j in 0...i { gram[i * size + j] += x[i] * x[j] }
                }
            }
            for i in 0..<features { gram[i * size + i] += penalty }
            let solution = Cholesky.solve(&gram, right, size: size)
            var intercept = solution[features]
            for feature in 0..<features {
                let weight = solution[feature] / scaler.deviations[feature]
                head.weights[feature, model] = Float(weight)
                intercept -= weight * scaler.means[feature]
            }
            head.weights[features, model] = Float(intercept)
            head.counts[model] = Int32(rows.count)
            head.measureResiduals(dense, quantity, rows, model)
        }
        return head
    }

    private mutating func measureResiduals(_ dense: [[Float]], _ quantity: LaneTable, _ rows: [Int], _ model: Int) {
        var squares = 0.0
        var ratios = 0.0
        for row in rows {
            let estimate = quantile(estimates(dense[row]), model, deviations: 0)
            let residual = log(Double(quantity[row, model]) / estimate)
            squares += residual * residual
            ratios += exp(residual)
        }
        deviations[model] = Float((squares / Double(rows.count)).squareRoot())
        smears[model] = Float(ratios / Double(rows.count))
    }
}

/// Scales features to mean 0 and deviation 1, and appends the constant 1.
struct Standardizer {
    var means: [Double]
    var deviations: [Double]

    init(_ rows: [[Float]]) {
        let width = rows.first?.count ?? 0
        means = [Double](repeating: 0, count: width)
        deviations = [Double](repeating: 0, count: width)
        for row in rows { for feature in 0..<width { means[feature] += Double(row[feature]) } }
        for feature in 0..<width { means[feature] /= Double(max(rows.count, 1)) }
        for row in rows {
            for feature in 0..<width {
                let off = Double(row[feature]) - means[feature]
                deviations[feature] += off * off
            }
        }
        for feature in 0..<width {
            let deviation = (deviations[feature] / Double(max(rows.count, 1))).squareRoot()
            deviations[feature] = deviation > 1e-6 ? deviation : 1e6
        }
    }

    func apply(_ row: [Float]) -> [Double] {
        var result = row.indices.map { (Double(row[$0]) - means[$0]) / deviations[$0] }
        result.append(1)
        return result
    }
}

/// Linear equations with a symmetric positive definite matrix.
enum Cholesky {
    /// Solves A x = b; the lower triangle of `matrix` (row-major) is overwritten by its factor.
    static func solve(_ matrix: inout [Double], _ right: [Double], size: Int) -> [Double] {
        var x = right
        for column in 0..<size {
            for row in column..<size {
                var sum = matrix[row * size + column]
                for inner in 0..<column { sum -= matrix[row * size + inner] * matrix[column * size + inner] }
                matrix[row * size + column] =
                    row == column ? max(sum, 1e-12).squareRoot() : sum / matrix[column * size + column]
            }
        }
        for row in 0..<size {
            for inner in 0..<row { x[row] -= matrix[row * size + inner] * x[inner] }
            x[row] /= matrix[row * size + row]
        }
        for row in (0..<size).reversed() {
            for inner in (row + 1)..<max(size, row + 1) { x[row] -= matrix[inner * size + row] * x[inner] }
            x[row] /= matrix[row * size + row]
        }
        return x
    }
}
