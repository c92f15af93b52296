/// Boosted oblivious trees whose leaves hold one number for every model: one walk serves all models.
package struct Forest: Sendable {
    /// Questions of a tree.
    let depth: Int
    /// Models.
    let width: Int
    /// `depth` questions a tree: the feature asked for,
    private(set) var features: [UInt16] = []
    /// and the value above which the answer is yes.
    private(set) var thresholds: [Float] = []
    /// 2^depth leaves a tree, each padded to whole lanes; the first question is the highest bit of a leaf's number.
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

    /// Lanes of a leaf.
    package var stride: Int { (width + 3) / 4 }

    package mutating func append(features: [Int], thresholds: [Float], leaves: [Lane]) {
        self.features += features.map { UInt16($0) }
        self.thresholds += thresholds
        self.leaves += leaves
    }

    /// The same trees for the first `width` models alone.
    package func trimmed(to width: Int) -> Forest {
        var result = Forest(depth: depth, width: width, features: features, thresholds: thresholds, leaves: [])
        for leaf in Swift.stride(from: 0, to: leaves.count, by: stride) {
            result.leaves += leaves[leaf..<(leaf + result.stride)]
        }
        return result
    }

    /// The trees of both, each counting half: two forests grown with other seeds err less together.
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

    /// Adds every tree's leaf to `sums` (`stride` lanes).
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
