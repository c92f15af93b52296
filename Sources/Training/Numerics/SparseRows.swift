import Estimation

/// Texts as sparse rows: which features a text has, and how heavy each is.
struct SparseRows: Sendable {
    /// Where each row starts in `columns`; one more than there are rows.
    var starts: [Int] = [0]
    var columns: [Int32] = []
    var values: [Float] = []
    let width: Int

    init(width: Int) { self.width = width }

    var count: Int { starts.count - 1 }

    mutating func append(_ row: [(column: Int32, value: Float)]) {
        for (column, value) in row {
            columns.append(column)
            values.append(value)
        }
        starts.append(columns.count)
    }

    /// X W for the given rows: a table with one row for each of them, in their order.
    func times(_ weights: [Lane], stride: Int, rows: [Int], into result: inout [Lane]) {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                weights.withUnsafeBufferPointer { weights in
                    result.withUnsafeMutableBufferPointer { result in
                        for (position, row) in rows.enumerated() {
                            let out = position * stride
                            for lane in 0..<stride { result[out + lane] = .zero }
                            for entry in starts[row]..<starts[row + 1] {
                                let base = Int(columns[entry]) * stride
                                let value = values[entry]
                                for lane in 0..<stride { result[out + lane] += value * weights[base + lane] }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds X' R to `result`, where R has one row for each of the given rows.
    func addTransposeTimes(_ right: [Lane], stride: Int, rows: [Int], into result: inout [Lane]) {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                right.withUnsafeBufferPointer { right in
                    result.withUnsafeMutableBufferPointer { result in
                        for (position, row) in rows.enumerated() {
                            let from = position * stride
                            for entry in starts[row]..<starts[row + 1] {
                                let base = Int(columns[entry]) * stride
                                let value = values[entry]
                                for lane in 0..<stride { result[base + lane] += value * right[from + lane] }
                            }
                        }
                    }
                }
            }
        }
    }
}
