import Estimation

/// Fits predictors of outputs: ridge regressions, every model's drawn towards the one that all models share.
struct OutputPredictorTrainer: Sendable {
    /// Rows that the penalty on what all models share is worth, and that on what a model has of its own.
    var sharedPenalty = 30.0
    var ownPenalty = 200.0

    /// One recorded state: before a model's output.
    struct Row: Sendable {
        var model: Int
        var fold: Int
        var state: [Float]
        /// The directions of the model's outputs from here on, `OutputPredictor.horizons` of them, zeros behind the end.
        var outputs: [[Float]]
    }

    /// Sums over rows that ridge regressions need: X'X and X'Y.
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

    /// The predictor fitted on all rows, and one for every fold that was fitted without it.
    func train(_ rows: [Row], models: Int, folds: Int) -> (all: OutputPredictor, without: [OutputPredictor]) {
        let scaler = Standardizer(rows.map(\.state))
        var empty = OutputPredictor(
            models: models, means: scaler.means.map { Float($0) }, scales: scaler.deviations.map { Float(1 / $0) },
            weights: [])
        // A feature that never varies says nothing: its scale is zero, whatever a later text has there.
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
            // X'(Y - X W_shared), with the lower triangle of X'X alone known.
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
