/// Weights over n-grams, quantised to eight bits, in row-major order.
///
/// One pass over a text's n-grams serves every column: the models' linear scores first, then the latent directions. The
/// inverse document frequency is part of the weights. A score is `scale * (characters / |characters| + words /
/// |words|)`, where each part is the sum of the rows of a view's n-grams and |.| the Euclidean length of their
/// frequencies.
package struct GramTable: Sendable {
    /// Bytes per row, a multiple of 16.
    let stride: Int
    /// Dequantisation factor by column.
    let scales: [Float]
    private let cells: [SIMD16<Int8>]

    package var width: Int { scales.count }

    /// - Parameter columns: one row per known n-gram. The vocabulary's weights are multiplied in here.
    package init(_ columns: LaneTable, _ vocabulary: Vocabulary) {
        stride = (columns.width + 15) / 16 * 16
        var greatest = [Float](repeating: 1e-12, count: columns.width)
        var squares = [Float](repeating: 0, count: columns.width)
        for row in 0..<columns.rows {
            let weight = Float(vocabulary.weights[row]) * Vocabulary.weightStep
            for column in 0..<columns.width {
                let value = abs(columns[row, column] * weight)
                greatest[column] = max(greatest[column], value)
                squares[column] += value * value
            }
        }
        // Clip the scale, so that a few very large weights do not reduce the resolution of all others.
        let scales = greatest.indices.map { column in
            max(1e-12, min(greatest[column], 12 * (squares[column] / Float(max(columns.rows, 1))).squareRoot())) / 127
        }
        self.scales = scales
        var cells = [SIMD16<Int8>](repeating: .zero, count: columns.rows * stride / 16)
        for row in 0..<columns.rows {
            let weight = Float(vocabulary.weights[row]) * Vocabulary.weightStep
            for column in 0..<columns.width {
                let steps = (columns[row, column] * weight / scales[column]).rounded()
                cells[row * stride / 16 + column / 16][column % 16] = Int8(min(max(steps, -127), 127))
            }
        }
        self.cells = cells
    }

    init(scales: [Float], cells: [Int8]) {
        self.scales = scales
        let stride = (scales.count + 15) / 16 * 16
        self.stride = stride
        self.cells =
            stride == 0
            ? []
            : cells.withUnsafeBytes { raw in
                (0..<(raw.count / 16)).map { raw.loadUnaligned(fromByteOffset: $0 * 16, as: SIMD16<Int8>.self) }
            }
    }

    /// The cells as bytes, for the profile file.
    var bytes: [Int8] { cells.withUnsafeBytes { Array($0.bindMemory(to: Int8.self)) } }

    /// Every column's score for a text.
    package func scores(_ grams: NGrams, _ vocabulary: Vocabulary) -> [Float] {
        var result = [Float](repeating: 0, count: stride)
        add(grams.characters, vocabulary, to: &result)
        add(grams.words, vocabulary, to: &result)
        for column in scales.indices { result[column] *= scales[column] }
        return Array(result[..<width])
    }

    /// Rows that a 16-bit sum of eight-bit weights can hold before it is added to the 32-bit sums.
    private static let rowsOfShort = 256

    private func add(_ buckets: [UInt32], _ vocabulary: Vocabulary, to result: inout [Float]) {
        let blocks = stride / 16
        withUnsafeTemporaryAllocation(of: Int.self, capacity: buckets.count) { rows in
            let (count, squares) = vocabulary.rows(of: buckets, into: rows)
            if squares == 0 { return }
            withUnsafeTemporaryAllocation(of: SIMD16<Int32>.self, capacity: blocks) { sums in
                sums.initialize(repeating: .zero)
                cells.withUnsafeBufferPointer { cells in
                    // A few hundred rows stay in the L1 cache while their blocks are summed.
                    for first in Swift.stride(from: 0, to: count, by: Self.rowsOfShort) {
                        let part = rows[first..<min(first + Self.rowsOfShort, count)]
                        for block in 0..<blocks {
                            var short = SIMD16<Int16>.zero
                            for row in part { short &+= SIMD16<Int16>(truncatingIfNeeded: cells[row * blocks + block]) }
                            sums[block] &+= SIMD16<Int32>(truncatingIfNeeded: short)
                        }
                    }
                }
                let factor = 1 / (Float(squares).squareRoot() * Vocabulary.weightStep)
                for column in 0..<stride { result[column] += Float(sums[column / 16][column % 16]) * factor }
            }
        }
    }
}
