import Domain
import Estimation

/// Grows boosted oblivious trees with one number per model in every leaf.
///
/// Gradient boosting (Friedman 2001) with Newton leaves (Chen, Guestrin 2016). Every level of a tree has one split for
/// all its nodes (oblivious trees, Kohavi 1994; CatBoost), chosen for all models together: gain = sum over nodes and
/// models of G^2 / (H + penalty). So models with little data profit from splits that help the others.
struct TreeGrower {
    var rounds = 200
    var depth = 3
    var rate: Float = 0.08
    var penalty: Float = 5
    var columnShare = 0.3
    var rowShare = 0.7
    var seed: UInt64 = 0

    /// Trees for some rows of a table of dense features. `start` is every model's log-odds before the first tree.
    func grow(_ bins: BinnedTable, _ targets: Targets, rows: [Int], start: [Float]) -> Forest {
        let stride = targets.scores.stride
        var random = SeededGenerator(seed: seed)
        var forest = Forest(depth: depth, width: targets.scores.width)
        let scores = rows.flatMap { targets.scores.lanes[($0 * stride)..<($0 * stride + stride)] }
        let known = rows.flatMap { targets.known.lanes[($0 * stride)..<($0 * stride + stride)] }
        var z = [Lane](repeating: .zero, count: rows.count * stride)
        for position in rows.indices {
            for (column, value) in start.enumerated() { z[position * stride + column >> 2][column & 3] = value }
        }
        var gradients = z
        var leaves = [Int](repeating: 0, count: rows.count)
        let columns = max(1, Int(Double(bins.width) * columnShare))
        for _ in 0..<rounds {
            for index in z.indices {
                let p = z[index].logistic
                gradients[index] = (p - scores[index]) * known[index]
            }
            let sample = rows.indices.filter { _ in random.unit() < rowShare }
            var candidates = Array(0..<bins.width)
            for place in 0..<columns {
                candidates.swapAt(place, place + Int(random.next() % UInt64(candidates.count - place)))
            }
            candidates = candidates[..<columns].sorted()
            for index in leaves.indices { leaves[index] = 0 }
            var questions: [(feature: Int, bin: UInt8)] = []
            for level in 0..<depth {
                let question = best(
                    candidates, bins, rows, sample, leaves, nodes: 1 << level, gradients, z, known, stride)
                questions.append(question)
                let column = bins.columns[question.feature]
                for position in rows.indices {
                    leaves[position] = leaves[position] * 2 + (column[rows[position]] > question.bin ? 1 : 0)
                }
            }
            let values = leafValues(sample, leaves, gradients, z, known, stride)
            for position in rows.indices {
                for lane in 0..<stride { z[position * stride + lane] += values[leaves[position] * stride + lane] }
            }
            forest.append(
                features: questions.map { $0.feature },
                thresholds: questions.map { bins.threshold($0.feature, $0.bin) }, leaves: values)
        }
        return forest
    }

    private func leafValues(
        _ sample: [Int], _ leaves: [Int], _ gradients: [Lane], _ z: [Lane], _ known: [Lane], _ stride: Int
    ) -> [Lane] {
        var sums = [Lane](repeating: .zero, count: stride << depth)
        var curvatures = sums
        for position in sample {
            for lane in 0..<stride {
                let index = position * stride + lane
                let p = z[index].logistic
                sums[leaves[position] * stride + lane] += gradients[index]
                curvatures[leaves[position] * stride + lane] += p * (1 - p) * known[index]
            }
        }
        return sums.indices.map { -rate * sums[$0] / (curvatures[$0] + penalty) }
    }

    private func best(
        _ candidates: [Int], _ bins: BinnedTable, _ rows: [Int], _ sample: [Int], _ leaves: [Int], nodes: Int,
        _ gradients: [Lane], _ z: [Lane], _ known: [Lane], _ stride: Int
    ) -> (feature: Int, bin: UInt8) {
        // The curvature of one row is stored in the histogram next to its gradient: two lanes per group of models.
        var pairs = [Lane](repeating: .zero, count: sample.count * stride * 2)
        for (place, position) in sample.enumerated() {
            for lane in 0..<stride {
                let index = position * stride + lane
                let p = z[index].logistic
                pairs[(place * stride + lane) * 2] = gradients[index]
                pairs[(place * stride + lane) * 2 + 1] = p * (1 - p) * known[index]
            }
        }
        let cell = stride * 2
        let binCount = BinnedTable.bins
        var histogram = [Lane](repeating: .zero, count: nodes * binCount * cell)
        var gains = [Float](repeating: 0, count: binCount)
        var found: (gain: Float, feature: Int, bin: UInt8) = (-1, candidates[0], .max)
        for feature in candidates {
            let edges = bins.edges[feature].count
            if edges == 0 { continue }
            for index in histogram.indices { histogram[index] = .zero }
            bins.columns[feature].withUnsafeBufferPointer { column in
                pairs.withUnsafeBufferPointer { pairs in
                    histogram.withUnsafeMutableBufferPointer { histogram in
                        for (place, position) in sample.enumerated() {
                            let base = (leaves[position] * binCount + Int(column[rows[position]])) * cell
                            for lane in 0..<cell { histogram[base + lane] += pairs[place * cell + lane] }
                        }
                    }
                }
            }
            for bin in 0..<edges { gains[bin] = 0 }
            for node in 0..<nodes {
                for lane in 0..<stride { addGains(&gains, histogram, node * binCount * cell + lane * 2, cell, edges) }
            }
            for bin in 0..<edges where gains[bin] > found.gain { found = (gains[bin], feature, UInt8(bin)) }
        }
        return (found.feature, found.bin)
    }

    /// Adds the gain of a cut after each bin in one node for four models.
    private func addGains(
        _ gains: inout [Float], _ histogram: [Lane], _ base: Int, _ cell: Int, _ edges: Int
    ) {
        var total = Lane.zero
        var curvature = Lane.zero
        for bin in 0...edges {
            total += histogram[base + bin * cell]
            curvature += histogram[base + bin * cell + 1]
        }
        let before = total * total / (curvature + penalty)
        var left = Lane.zero
        var leftCurvature = Lane.zero
        for bin in 0..<edges {
            left += histogram[base + bin * cell]
            leftCurvature += histogram[base + bin * cell + 1]
            let right = total - left
            let gain =
                left * left / (leftCurvature + penalty) + right * right / (curvature - leftCurvature + penalty) - before
            gains[bin] += gain.sum()
        }
    }
}

/// Dense features in at most 32 bins each, column by column.
struct BinnedTable: Sendable {
    static let bins = 32
    /// The bin of every row, for every feature.
    var columns: [[UInt8]]
    /// A value above `edges[k]` is beyond bin k.
    var edges: [[Float]]

    var width: Int { columns.count }

    /// The upper edge of a bin; infinite for a bin that does not exist, which no row exceeds.
    func threshold(_ feature: Int, _ bin: UInt8) -> Float {
        Int(bin) < edges[feature].count ? edges[feature][Int(bin)] : .infinity
    }

    /// Edges are quantiles of the given rows; all rows are binned.
    init(_ dense: [[Float]], rows: [Int]) {
        let width = dense.first?.count ?? 0
        columns = []
        edges = []
        for feature in 0..<width {
            let sorted = rows.map { dense[$0][feature] }.sorted()
            var cuts: [Float] = []
            for bin in 1..<Self.bins {
                let cut = sorted[min(sorted.count - 1, sorted.count * bin / Self.bins)]
                if cut > cuts.last ?? -.infinity, cut < sorted[sorted.count - 1] { cuts.append(cut) }
            }
            edges.append(cuts)
            columns.append(
                dense.map { row in
                    var low = 0
                    var high = cuts.count
                    while low < high {
                        let middle = (low + high) / 2
                        if row[feature] > cuts[middle] { low = middle + 1 } else { high = middle }
                    }
                    return UInt8(low)
                })
        }
    }
}
