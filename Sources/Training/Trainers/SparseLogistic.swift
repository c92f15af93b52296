import Estimation

/// Logistic regressions of many models on the same sparse rows, with an L2 penalty.
///
/// minimise 1/n sum_i sum_m [softplus(z) - y z] + penalty/2 |W|^2, z = x_i w_m + b_m, without missing outcomes.
struct SparseLogistic {
    var penalty: Float = 1e-3
    var iterations = 30

    /// The weights: one row per feature; the intercepts are the last row.
    func fit(_ x: SparseRows, _ targets: Targets, rows: [Int]) -> [Lane] {
        let stride = targets.scores.stride
        let n = Float(rows.count)
        var weights = [Lane](repeating: .zero, count: (x.width + 1) * stride)
        let intercepts = x.width * stride
        for lane in 0..<stride {
            for place in 0..<4 {
                let column = lane * 4 + place
                if column < targets.scores.width {
                    weights[intercepts + lane][place] = Float(logit(targets.mean(of: column, rows: rows)))
                }
            }
        }
        var z = [Lane](repeating: .zero, count: rows.count * stride)
        let penalty = penalty
        var search = QuasiNewton()
        search.iterations = iterations
        search.minimize(&weights) { weights, gradient in
            x.times(weights, stride: stride, rows: rows, into: &z)
            for index in gradient.indices { gradient[index] = .zero }
            var loss = 0.0
            var slopes = [Lane](repeating: .zero, count: stride)
            for (position, row) in rows.enumerated() {
                var rowLoss: Float = 0
                for lane in 0..<stride {
                    let score = z[position * stride + lane] + weights[intercepts + lane]
                    let y = targets.scores.lanes[row * stride + lane]
                    let known = targets.known.lanes[row * stride + lane]
                    var part = Lane.zero
                    for place in 0..<4 { part[place] = softplus(score[place]) }
                    rowLoss += ((part - y * score) * known).sum()
                    let residual = (score.logistic - y) * known / n
                    z[position * stride + lane] = residual
                    slopes[lane] += residual
                }
                loss += Double(rowLoss)
            }
            x.addTransposeTimes(z, stride: stride, rows: rows, into: &gradient)
            var squares = 0.0
            for row in 0..<x.width {
                var sum = Lane.zero
                for lane in 0..<stride {
                    let weight = weights[row * stride + lane]
                    sum += weight * weight
                    gradient[row * stride + lane] += penalty * weight
                }
                squares += Double(sum.sum())
            }
            for lane in 0..<stride { gradient[intercepts + lane] = slopes[lane] }
            return loss / Double(n) + Double(penalty) / 2 * squares
        }
        return weights
    }
}

/// The training targets: one row per text, one column per model.
struct Targets: Sendable {
    /// 0...1.
    var scores: LaneTable
    /// 1 where the outcome is known, else 0.
    var known: LaneTable

    init(rows: Int, width: Int) {
        scores = LaneTable(rows: rows, width: width)
        known = scores
    }

    mutating func set(_ row: Int, _ column: Int, _ score: Double) {
        scores[row, column] = Float(score)
        known[row, column] = 1
    }

    /// The mean of a column over some rows; 0.5 without a known outcome.
    func mean(of column: Int, rows: [Int]) -> Double {
        var sum = 0.0
        var count = 0.0
        for row in rows where known[row, column] > 0 {
            sum += Double(scores[row, column])
            count += 1
        }
        return (sum + 0.5) / (count + 1)
    }
}
