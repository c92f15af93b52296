/// Regression trees whose mean is the expected value of the rest of a run.
///
/// Each tree is a list of nodes. A node without a feature is a leaf. Children follow their parent, which bounds every
/// traversal.
package struct ValueForest: Hashable, Sendable {
    /// A split, or a leaf.
    package struct Node: Hashable, Sendable {
        /// The feature of a split; -1 for a leaf.
        package var feature: Int32
        /// The threshold of a split (greater values go right), or the value of a leaf.
        package var value: Float
        /// The place of the left child in the tree; the right child is the place of `right`.
        package var left: Int32
        /// The place of the right child.
        package var right: Int32

        package init(feature: Int32, value: Float, left: Int32, right: Int32) {
            self.feature = feature
            self.value = value
            self.left = left
            self.right = right
        }

        /// A leaf.
        package init(value: Float) { self.init(feature: -1, value: value, left: 0, right: 0) }
    }

    /// Number of features of a row.
    package let width: Int
    /// The trees, each from its root on.
    package private(set) var trees: [[Node]]

    package init(width: Int, trees: [[Node]] = []) {
        self.width = width
        self.trees = trees
    }

    /// The mean of all trees; 0 without trees.
    package func value(_ row: [Float]) -> Double {
        guard !trees.isEmpty else { return 0 }
        var sum: Float = 0
        for tree in trees {
            var place = 0
            while tree[place].feature >= 0 {
                let node = tree[place]
                place = Int(row[Int(node.feature)] > node.value ? node.right : node.left)
            }
            sum += tree[place].value
        }
        return Double(sum) / Double(trees.count)
    }
}

extension ValueForest {
    /// Most trees and nodes that a file may hold.
    static let mostTrees = 1000
    static let mostNodes = 1 << 20

    func write(to writer: inout ByteWriter) {
        writer.put(width)
        writer.put(trees.count)
        for tree in trees {
            writer.put(tree.map(\.feature))
            writer.put(tree.map(\.value))
            writer.put(tree.map(\.left))
            writer.put(tree.map(\.right))
        }
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        let width = try reader.integer()
        let count = try reader.integer()
        guard width > 0, width <= 4096, count <= Self.mostTrees else {
            throw ByteReader.Failure(reason: "its trees are too many or too wide")
        }
        var trees: [[Node]] = []
        var nodes = 0
        for _ in 0..<count {
            let features = try reader.array(Int32.self)
            let values = try reader.array(Float.self)
            let left = try reader.array(Int32.self)
            let right = try reader.array(Int32.self)
            nodes += features.count
            let isEven = [values.count, left.count, right.count].allSatisfy { $0 == features.count }
            guard isEven, !features.isEmpty, nodes <= Self.mostNodes, values.allSatisfy(\.isFinite) else {
                throw ByteReader.Failure(reason: "the parts of a tree do not fit together")
            }
            for place in features.indices where features[place] >= 0 {
                let children = [left[place], right[place]]
                guard Int(features[place]) < width,
                    children.allSatisfy({ Int($0) > place && Int($0) < features.count })
                else { throw ByteReader.Failure(reason: "a tree leads outside of itself") }
            }
            trees.append(
                features.indices.map {
                    Node(feature: features[$0], value: values[$0], left: left[$0], right: right[$0])
                })
        }
        self.init(width: width, trees: trees)
    }
}
