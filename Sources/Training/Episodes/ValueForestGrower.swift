import Domain
import Estimation

/// Grows extremely randomised regression trees (Geurts, Ernst, Wehenkel 2006).
///
/// A node tries a share of the features, each with one random threshold between its least and greatest value, and takes
/// the split that leaves the least variance.
struct ValueForestGrower: Sendable {
    var trees = 60
    var leastRows = 8
    var featureShare = 0.4
    var seed: UInt64 = 1

    /// - Parameters:
    ///   - rows: features, all of one width.
    ///   - targets: one value per row.
    func grow(_ rows: [[Float]], targets: [Double]) -> ValueForest {
        let width = rows.first?.count ?? 1
        guard !rows.isEmpty else { return ValueForest(width: width) }
        let columns = (0..<width).map { column in rows.map { $0[column] } }
        let targets = targets.map { Float($0) }
        return ValueForest(
            width: width,
            trees: (0..<trees).map { tree in
                var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(tree))
                var nodes: [ValueForest.Node] = []
                var order = Array(rows.indices)
                growTree(&nodes, &order, columns, targets, &random)
                return nodes
            })
    }

    private func growTree(
        _ nodes: inout [ValueForest.Node], _ order: inout [Int], _ columns: [[Float]], _ targets: [Float],
        _ random: inout SeededGenerator
    ) {
        nodes.append(ValueForest.Node(value: 0))
        var open = [(node: 0, range: 0..<order.count)]
        while let (node, range) = open.popLast() {
            guard range.count >= 2 * leastRows, let split = split(order[range], columns, targets, &random) else {
                let sum = order[range].reduce(Float(0)) { $0 + targets[$1] }
                nodes[node] = ValueForest.Node(value: sum / Float(max(range.count, 1)))
                continue
            }
            let column = columns[split.feature]
            let middle = order[range].partition { column[$0] > split.threshold }
            let left = nodes.count
            nodes.append(ValueForest.Node(value: 0))
            nodes.append(ValueForest.Node(value: 0))
            nodes[node] = ValueForest.Node(
                feature: Int32(split.feature), value: split.threshold, left: Int32(left), right: Int32(left + 1))
            open.append((left + 1, middle..<range.upperBound))
            open.append((left, range.lowerBound..<middle))
        }
    }

    private func split(
        _ rows: ArraySlice<Int>, _ columns: [[Float]], _ targets: [Float], _ random: inout SeededGenerator
    ) -> (feature: Int, threshold: Float)? {
        var features = Array(columns.indices)
        let tries = max(1, Int((Double(columns.count) * featureShare).rounded()))
        var found: (gain: Float, feature: Int, threshold: Float)?
        var tried = 0
        while tried < tries, !features.isEmpty {
            let place = Int(random.next() % UInt64(features.count))
            let feature = features[place]
            features.swapAt(place, features.count - 1)
            features.removeLast()
            let column = columns[feature]
            var (least, most) = (Float.infinity, -Float.infinity)
            for row in rows {
                least = min(least, column[row])
                most = max(most, column[row])
            }
            // A constant feature is no try.
            guard most > least else { continue }
            tried += 1
            let threshold = least + (most - least) * Float(random.unit())
            guard let gain = gain(rows, column, threshold, targets) else { continue }
            if found.map({ gain > $0.gain }) ?? true { found = (gain, feature, threshold) }
        }
        return found.map { ($0.feature, $0.threshold) }
    }

    /// The part of the split's squared sums that grows as variance falls; nil if a side is too small.
    private func gain(_ rows: ArraySlice<Int>, _ column: [Float], _ threshold: Float, _ targets: [Float]) -> Float? {
        var (left, right): (Float, Float) = (0, 0)
        var count = 0
        for row in rows {
            if column[row] > threshold {
                right += targets[row]
            } else {
                left += targets[row]
                count += 1
            }
        }
        let others = rows.count - count
        guard count >= leastRows, others >= leastRows else { return nil }
        return left * left / Float(count) + right * right / Float(others)
    }
}
