import Estimation

/// Fits output predictors: ridge regressions per model, with the shared regression as prior.
struct OutputPredictorTrainer: Sendable {
    /// Penalties in rows: of the shared weights, and of a model's own deviation.
    var sharedPenalty = 30.0
    var ownPenalty = 200.0

    /// One recorded state before a model's output.
    struct Row: Sendable {
        var model: Int
        var fold: Int
        var state: [Float]
        /// The directions of the model's next outputs, `OutputPredictor.horizons` of them, with zeros after the end.
        var outputs: [[Float]]
    }

    /// Sums over rows for ridge regression: X'X and X'Y.
    private struct Sums {
        var gram: [Double]
        var right: [[Double]]

        init(_ size: Int, _ width: Int) {
            gram = [Double](repeating: 0, count: size * size)
            right = [[Double]](repeating: [Double](repeating: 0, count: width), count: size)
        }

        mutating func add(_ other: Sums, _ sign: Double = 1) {
            for index in gram.indices { gram[index] += sign * other.gram[index] }
            for row in right.indices {
                for column in right[row].indices { right[row][column] += sign * other.right[row][column] }
            }
        }

        mutating func add(_ x: [Float], _ y: [[Float]]) {
            let size = right.count
            gram.withUnsafeMutableBufferPointer { gram in
                for i in 0..<size where x[i] != 0 {
                    let value = Double(x[i])
                    for j in 0...i { gram[i * size + j] += value * Double(x[j]) }
                }
            }
            for i in 0..<size where x[i] != 0 {
                let value = Double(x[i])
                right[i].withUnsafeMutableBufferPointer { right in
                    var column = 0
                    for part in y {
                        for number in part {
                            right[column] += value * Double(number)
                            column += 1
                        }
                    }
                }
            }
        }
    }

    /// The predictor fitted on all rows, and one per fold fitted without that fold.
    func train(_ rows: [Row], models: Int, folds: Int) -> (all: OutputPredictor, without: [OutputPredictor]) {
        let scaler = Standardizer(rows.map(\.state))
        var empty = OutputPredictor(
            models: models, means: scaler.means.map { Float($0) }, scales: scaler.deviations.map { Float(1 / $0) },
            weights: [])
        // A constant feature carries no information: its scale is zero for any later value.
        for index in empty.scales.indices where empty.scales[index] < 1e-5 { empty.scales[index] = 0 }
        let size = empty.features + 1
        let width = OutputPredictor.horizons * StepEmbedder.dimensions
        var parts = (0..<models).map { _ in (0..<folds).map { _ in Sums(size, width) } }
        for row in rows { parts[row.model][row.fold].add(empty.standardized(row.state), row.outputs) }
        let byModel = parts.map { parts in
            var sum = Sums(size, width)
            for part in parts { sum.add(part) }
            return sum
        }
        let all = predictor(byModel, empty)
        let without = (0..<folds).map { fold in
            var rest = byModel
            for model in 0..<models { rest[model].add(parts[model][fold], -1) }
            return predictor(rest, empty)
        }
        return (all, without)
    }

    private func predictor(_ sums: [Sums], _ empty: OutputPredictor) -> OutputPredictor {
        let size = empty.features + 1
        let width = OutputPredictor.horizons * StepEmbedder.dimensions
        var total = Sums(size, width)
        for sum in sums { total.add(sum) }
        let shared = solve(total, sharedPenalty)
        var result = empty
        let lanes = StepEmbedder.dimensions / 4
        for sum in sums {
            var off = sum
            // X'(Y - X W_shared), with only the lower triangle of X'X stored.
            for i in 0..<size {
                for j in 0..<size {
                    let value = sum.gram[max(i, j) * size + min(i, j)]
                    if value == 0 { continue }
                    for column in 0..<width { off.right[i][column] -= value * shared[j][column] }
                }
            }
            let own = solve(off, ownPenalty)
            for ahead in 0..<OutputPredictor.horizons {
                for feature in 0..<size {
                    for lane in 0..<lanes {
                        var weights = Lane.zero
                        for place in 0..<4 {
                            let column = ahead * StepEmbedder.dimensions + lane * 4 + place
                            weights[place] = Float(shared[feature][column] + own[feature][column])
                        }
                        result.weights.append(weights)
                    }
                }
            }
        }
        return result
    }

    private func solve(_ sums: Sums, _ penalty: Double) -> [[Double]] {
        let size = sums.right.count
        var gram = sums.gram
        for index in 0..<size { gram[index * size + index] += index == size - 1 ? 1 : penalty }
        return Cholesky.solve(&gram, columns: sums.right, size: size)
    }
}
