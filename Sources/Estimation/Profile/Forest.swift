/// Boosted oblivious trees with one number per model in every leaf: one traversal serves all models.
package struct Forest: Sendable {
    /// Splits per tree.
    let depth: Int
    /// Number of models.
    let width: Int
    /// `depth` splits per tree: the feature,
    private(set) var features: [UInt16] = []
    /// and the threshold above which the split's bit is 1.
    private(set) var thresholds: [Float] = []
    /// 2^depth leaves per tree, each padded to whole lanes. The first split is the highest bit of a leaf's index.
    private(set) var leaves: [Lane] = []

    package init(depth: Int, width: Int) {
        self.depth = depth
        self.width = width
    }

    init(depth: Int, width: Int, features: [UInt16], thresholds: [Float], leaves: [Lane]) {
        self.init(depth: depth, width: width)
        self.features = features
        self.thresholds = thresholds
        self.leaves = leaves
    }

    /// Lanes per leaf.
    package var stride: Int { (width + 3) / 4 }

    package mutating func append(features: [Int], thresholds: [Float], leaves: [Lane]) {
        self.features += features.map { UInt16($0) }
        self.thresholds += thresholds
        self.leaves += leaves
    }

    /// The same trees, restricted to the first `width` models.
    package func trimmed(to width: Int) -> Forest {
        var result = Forest(depth: depth, width: width, features: features, thresholds: thresholds, leaves: [])
        for leaf in Swift.stride(from: 0, to: leaves.count, by: stride) {
            result.leaves += leaves[leaf..<(leaf + result.stride)]
        }
        return result
    }

    /// Averages forests. Forests with different seeds have a smaller joint error.
    package static func average(_ forests: [Forest]) -> Forest {
        guard var result = forests.first else { return Forest(depth: 0, width: 0) }
        for forest in forests.dropFirst() {
            result.features += forest.features
            result.thresholds += forest.thresholds
            result.leaves += forest.leaves
        }
        let share = 1 / Float(forests.count)
        for index in result.leaves.indices { result.leaves[index] *= share }
        return result
    }

    /// Adds one leaf per tree to `sums` (`stride` lanes).
    package func add(_ dense: UnsafeBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Lane>) {
        let stride = stride
        features.withUnsafeBufferPointer { features in
            thresholds.withUnsafeBufferPointer { thresholds in
                leaves.withUnsafeBufferPointer { leaves in
                    var question = 0
                    var base = 0
                    while question < features.count {
                        var leaf = 0
                        for level in question..<(question + depth) {
                            leaf = leaf << 1 | (dense[Int(features[level])] > thresholds[level] ? 1 : 0)
                        }
                        let from = base + leaf * stride
                        for lane in 0..<stride { sums[lane] += leaves[from + lane] }
                        question += depth
                        base += stride << depth
                    }
                }
            }
        }
    }
}
