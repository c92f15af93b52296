import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension StepEmbedder {
    /// Outputs that the directions are found from, at most.
    private static let mostTexts = 9000
    private static let vocabularyLimit = 8000

    /// Finds the directions of some outputs; the same text counts once.
    static func train(_ outputs: [String], seed: UInt64) -> StepEmbedder {
        var texts = Array(Set(outputs)).sorted()
        if texts.count > mostTexts {
            var random = SeededGenerator(seed: seed &+ 31)
            texts = Array(texts.shuffled(using: &random).prefix(mostTexts))
        }
        let grams = texts.map { NGrams(of: [$0]) }
        let vocabulary = Vocabulary(of: grams, limit: vocabularyLimit)
        var x = SparseRows(width: vocabulary.count)
        for gram in grams { x.append(vocabulary.row(gram)) }
        let found = PrincipalDirections.find(x, count: dimensions, seed: seed)
        // The singular values: lengths of the texts' coordinates.
        var coordinates = [Lane](repeating: .zero, count: x.count * found.stride)
        x.times(found.lanes, stride: found.stride, rows: Array(0..<x.count), into: &coordinates)
        var squares = [Float](repeating: 0, count: found.width)
        for row in 0..<x.count {
            for column in 0..<found.width {
                let value = coordinates[row * found.stride + column >> 2][column & 3]
                squares[column] += value * value
            }
        }
        // Few texts have fewer directions; the others stay empty.
        var columns = LaneTable(rows: vocabulary.count, width: dimensions)
        for column in 0..<min(found.width, dimensions) where squares[column] > 1e-9 {
            let scale = 1 / sqrt(sqrt(squares[column]))
            for row in 0..<vocabulary.count { columns[row, column] = found[row, column] * scale }
        }
        return StepEmbedder(vocabulary: vocabulary, table: GramTable(columns, vocabulary))
    }
}
