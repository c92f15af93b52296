/// Tells from the text alone which panel's queries it is most like.
package struct Gate: Sendable {
    /// The panels, in the order of the columns.
    var panels: [String]
    var vocabulary: Vocabulary
    var table: GramTable
    var intercepts: [Float]

    /// The log-odds that a text is of a panel's rather than of any other's, by panel.
    func scores(_ grams: NGrams) -> [Float] {
        var scores = table.scores(grams, vocabulary)
        for panel in scores.indices { scores[panel] += intercepts[panel] }
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

    package init(panels: [String], vocabulary: Vocabulary, table: GramTable, intercepts: [Float]) {
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
