/// Numbers side by side, four to a lane, so that one instruction serves four models.
typealias Lane = SIMD4<Float>

/// A table of floats whose rows are padded to whole lanes.
struct LaneTable: Sendable {
    let rows: Int
    /// Numbers in use in a row.
    let width: Int
    /// Lanes of a row.
    let stride: Int
    var lanes: [Lane]

    init(rows: Int, width: Int) {
        self.rows = rows
        self.width = width
        stride = (width + 3) / 4
        lanes = [Lane](repeating: .zero, count: rows * stride)
    }

    subscript(row: Int, column: Int) -> Float {
        get { lanes[row * stride + column >> 2][column & 3] }
        set { lanes[row * stride + column >> 2][column & 3] = newValue }
    }

    /// A row as plain numbers.
    func row(_ row: Int) -> [Float] { (0..<width).map { self[row, $0] } }
}

extension Lane {
    /// 1 / (1 + exp(-x)) of every number.
    var logistic: Lane {
        var result = Lane.zero
        for lane in 0..<4 { result[lane] = Estimation.logistic(self[lane]) }
        return result
    }
}
