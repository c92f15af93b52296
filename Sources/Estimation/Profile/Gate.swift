#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Tells from the text alone which panel's queries it is most like.
struct Gate: Sendable {
    /// The panels, in the order of the columns.
    var panels: [String]
    var vocabulary: Vocabulary
    var table: GramTable
    var intercepts: [Float]

    /// The share of each panel, summing to 1.
    func shares(_ grams: NGrams) -> [Float] {
        var scores = table.scores(grams, vocabulary)
        for panel in scores.indices { scores[panel] += intercepts[panel] }
        let greatest = scores.max() ?? 0
        var sum: Float = 0
        for panel in scores.indices {
            scores[panel] = exp(scores[panel] - greatest)
            sum += scores[panel]
        }
        for panel in scores.indices { scores[panel] /= sum }
        return scores
    }

    /// The gate as the content of a file of kind `gate`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(panels)
        vocabulary.write(to: &writer)
        writer.put(table.scales)
        writer.put(table.bytes)
        writer.put(intercepts)
        return writer.bytes
    }

    init(panels: [String], vocabulary: Vocabulary, table: GramTable, intercepts: [Float]) {
        self.panels = panels
        self.vocabulary = vocabulary
        self.table = table
        self.intercepts = intercepts
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        panels = try reader.strings()
        vocabulary = try Vocabulary(&reader)
        table = GramTable(scales: try reader.array(Float.self), cells: try reader.array(Int8.self))
        intercepts = try reader.array(Float.self)
        guard table.width == panels.count, intercepts.count == panels.count, !panels.isEmpty,
            table.bytes.count == vocabulary.count * table.stride
        else { throw ByteReader.Failure(reason: "the tables of the gate do not fit together") }
    }
}
