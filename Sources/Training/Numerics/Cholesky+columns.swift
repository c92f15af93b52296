extension Cholesky {
    /// Solves A X = B for many right sides at once; the lower triangle of `matrix` (row-major) is overwritten.
    /// - Parameter columns: B, row by row; every row as long as there are right sides.
    static func solve(_ matrix: inout [Double], columns: [[Double]], size: Int) -> [[Double]] {
        let width = columns.first?.count ?? 0
        var x = columns.flatMap { $0 }
        matrix.withUnsafeMutableBufferPointer { a in
            for column in 0..<size {
                for row in column..<size {
                    var sum = a[row * size + column]
                    let left = row * size
                    let right = column * size
                    for inner in 0..<column { sum -= a[left + inner] * a[right + inner] }
                    a[row * size + column] =
                        row == column ? max(sum, 1e-12).squareRoot() : sum / a[column * size + column]
                }
            }
            x.withUnsafeMutableBufferPointer { x in
                for row in 0..<size {
                    for inner in 0..<row {
                        let factor = a[row * size + inner]
                        for place in 0..<width { x[row * width + place] -= factor * x[inner * width + place] }
                    }
                    for place in 0..<width { x[row * width + place] /= a[row * size + row] }
                }
                for row in (0..<size).reversed() {
                    for inner in (row + 1)..<max(size, row + 1) {
                        let factor = a[inner * size + row]
                        for place in 0..<width { x[row * width + place] -= factor * x[inner * width + place] }
                    }
                    for place in 0..<width { x[row * width + place] /= a[row * size + row] }
                }
            }
        }
        return (0..<size).map { Array(x[($0 * width)..<(($0 + 1) * width)]) }
    }
}
