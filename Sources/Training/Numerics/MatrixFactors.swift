extension Cholesky {
    /// Solves A X = B for several right-hand sides. The lower triangle of `matrix` (row-major) is overwritten.
    /// - Parameter columns: B, row by row; the row length is the number of right-hand sides.
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

/// Eigenvalues and eigenvectors of a small symmetric matrix by cyclic Jacobi rotations.
enum SymmetricEigen {
    /// - Parameter matrix: row-major, `size` by `size`.
    /// - Returns: the values, greatest first, and the vectors as columns in that order, row-major.
    static func solve(_ matrix: [Double], size: Int) -> (values: [Double], vectors: [Double]) {
        var a = matrix
        var v = [Double](repeating: 0, count: size * size)
        for index in 0..<size { v[index * size + index] = 1 }
        for _ in 0..<60 {
            var off = 0.0
            var diagonal = 0.0
            for row in 0..<size {
                diagonal += a[row * size + row] * a[row * size + row]
                for column in 0..<row { off += a[row * size + column] * a[row * size + column] }
            }
            if off <= 1e-22 * max(diagonal, 1e-300) { break }
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) where a[p * size + q] != 0 {
                    rotate(&a, &v, size, p, q)
                }
            }
        }
        let order = (0..<size).sorted { a[$0 * size + $0] > a[$1 * size + $1] }
        var vectors = v
        for row in 0..<size {
            for (column, from) in order.enumerated() { vectors[row * size + column] = v[row * size + from] }
        }
        return (order.map { a[$0 * size + $0] }, vectors)
    }

    private static func rotate(_ a: inout [Double], _ v: inout [Double], _ size: Int, _ p: Int, _ q: Int) {
        let theta = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q])
        let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<size {
            let kp = a[k * size + p]
            let kq = a[k * size + q]
            a[k * size + p] = c * kp - s * kq
            a[k * size + q] = s * kp + c * kq
        }
        for k in 0..<size {
            let pk = a[p * size + k]
            let qk = a[q * size + k]
            a[p * size + k] = c * pk - s * qk
            a[q * size + k] = s * pk + c * qk
            let vp = v[k * size + p]
            let vq = v[k * size + q]
            v[k * size + p] = c * vp - s * vq
            v[k * size + q] = s * vp + c * vq
        }
    }
}
