/// Aligned text columns with a rule below the heading, which is the first row.
package struct TextTable: Sendable {
    private let rows: [[String]]

    package init(_ rows: [[String]]) { self.rows = rows }

    package var text: String {
        var lines = Self.lines(rows) { $0 > 0 }
        lines.insert(String(repeating: "-", count: lines.first?.count ?? 0), at: min(1, lines.count))
        return lines.joined(separator: "\n")
    }

    /// The rows as lines with padded cells, without a rule.
    /// - Parameter isNumeric: by column, whether it is aligned on the right.
    package static func lines(_ rows: [[String]], isNumeric: (_ column: Int) -> Bool) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric(column) ? padding + row[column] : row[column] + padding
            }.joined(separator: "  ")
        }
    }

    /// A number with a fixed count of decimals; `-` where it is not finite.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        if digits == 0 { return sign + String(whole) }
        let text = String(whole)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }
}
