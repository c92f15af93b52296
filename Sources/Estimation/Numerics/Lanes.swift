/// Four numbers in one SIMD vector, so that one instruction serves four models.
package typealias Lane = SIMD4<Float>

/// A table of floats whose rows are padded to whole lanes.
package struct LaneTable: Sendable {
    package let rows: Int
    /// Numbers per row.
    package let width: Int
    /// Lanes per row.
    package let stride: Int
    package var lanes: [Lane]

    package init(rows: Int, width: Int) {
        self.rows = rows
        self.width = width
        stride = (width + 3) / 4
        lanes = [Lane](repeating: .zero, count: rows * stride)
    }

    package subscript(row: Int, column: Int) -> Float {
        get { lanes[row * stride + column >> 2][column & 3] }
        set { lanes[row * stride + column >> 2][column & 3] = newValue }
    }

    /// A row as an array of numbers.
    package func row(_ row: Int) -> [Float] { (0..<width).map { self[row, $0] } }
}

extension Lane {
    /// The element-wise 1 / (1 + exp(-x)).
    package var logistic: Lane {
        var result = Lane.zero
        for lane in 0..<4 { result[lane] = Estimation.logistic(self[lane]) }
        return result
    }
}
