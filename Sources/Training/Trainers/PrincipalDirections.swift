import Domain
import Estimation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The leading right singular vectors of sparse rows, by randomised subspace iteration (Halko, Martinsson, Tropp 2011):
/// latent semantic analysis, when the rows are weighted n-grams.
enum PrincipalDirections {
    /// A table with one row per feature and `count` columns, the strongest direction first.
    static func find(_ x: SparseRows, count: Int, seed: UInt64, rounds: Int = 3) -> LaneTable {
        let width = (min(count + 8, x.count) + 3) / 4 * 4
        let stride = width / 4
        var random = SeededGenerator(seed: seed)
        var left = LaneTable(rows: x.count, width: width)
        for index in left.lanes.indices {
            for place in 0..<4 { left.lanes[index][place] = Float(random.normal()) }
        }
        let rows = Array(0..<x.count)
        var right = LaneTable(rows: x.width, width: width)
        for round in 0...rounds {
            orthonormalize(&left)
            for index in right.lanes.indices { right.lanes[index] = .zero }
            x.addTransposeTimes(left.lanes, stride: stride, rows: rows, into: &right.lanes)
            if round < rounds { x.times(right.lanes, stride: stride, rows: rows, into: &left.lanes) }
        }
        // right = X' Q, so X = Q right' on the subspace; its Gram matrix turns the basis to the singular vectors.
        let gram = product(right, right)
        let (values, vectors) = SymmetricEigen.solve(gram, size: width)
        var result = LaneTable(rows: x.width, width: min(count, width))
        let least = 1e-9 * (values.first ?? 0)
        for row in 0..<x.width {
            for column in 0..<result.width where values[column] > least {
                var sum: Float = 0
                for inner in 0..<width { sum += right[row, inner] * Float(vectors[inner * width + column]) }
                result[row, column] = sum / Float(values[column].squareRoot())
            }
        }
        return result
    }

    /// A' B of two tables with the same rows and whole lanes, row-major.
    private static func product(_ a: LaneTable, _ b: LaneTable) -> [Double] {
        let width = a.width
        var sums = [Double](repeating: 0, count: width * width)
        var block = [Lane](repeating: .zero, count: width * b.stride)
        for row in 0..<a.rows {
            for column in 0..<width {
                let value = a[row, column]
                for lane in 0..<b.stride { block[column * b.stride + lane] += value * b.lanes[row * b.stride + lane] }
            }
            if row % 512 == 511 || row == a.rows - 1 {
                for column in 0..<width {
                    for other in 0..<width {
                        sums[column * width + other] += Double(block[column * b.stride + other >> 2][other & 3])
                    }
                }
                for index in block.indices { block[index] = .zero }
            }
        }
        return sums
    }

    /// Makes the columns orthonormal by the Cholesky factor of their Gram matrix, twice for accuracy.
    private static func orthonormalize(_ table: inout LaneTable) {
        for _ in 0..<2 {
            let width = table.width
            var factor = product(table, table)
            for column in 0..<width {
                let square = factor[column * width + column]
                var pivot = square
                for inner in 0..<column { pivot -= factor[column * width + inner] * factor[column * width + inner] }
                // A column in the span of the others is dropped: an infinite pivot makes it zero.
                let root = pivot > 1e-9 * square && pivot > 1e-30 ? pivot.squareRoot() : .infinity
                factor[column * width + column] = root
                for row in (column + 1)..<max(width, column + 1) {
                    var sum = factor[row * width + column]
                    for inner in 0..<column { sum -= factor[row * width + inner] * factor[column * width + inner] }
                    factor[row * width + column] = root.isFinite ? sum / root : 0
                }
            }
            for row in 0..<table.rows {
                var values = table.row(row).map(Double.init)
                for column in 0..<width {
                    var value = values[column]
                    for inner in 0..<column { value -= values[inner] * factor[column * width + inner] }
                    values[column] = value / factor[column * width + column]
                    table[row, column] = Float(values[column])
                }
            }
        }
    }
}
