/// What a step's output says, as a direction: the leading latent directions of the n-grams of all outputs of a suite
/// (latent semantic analysis), each divided by the root of its singular value, brought to length 1.
///
/// The division keeps what all outputs share ("thought", "SELECT ... FROM") from making everything alike; its effect on
/// the share of paired steps above a cosine of 0.7 is measured in docs/estimation.md.
package struct StepEmbedder: Sendable {
    package static let dimensions = 32

    var vocabulary: Vocabulary
    var table: GramTable

    package init(vocabulary: Vocabulary, table: GramTable) {
        self.vocabulary = vocabulary
        self.table = table
    }

    /// The direction of a text; all zeros where it has no known n-gram.
    package func direction(_ text: String) -> [Float] { text.isEmpty ? Self.nowhere : direction(NGrams(of: [text])) }

    func direction(_ grams: NGrams) -> [Float] {
        var values = table.scores(grams, vocabulary)
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length <= 1e-9 { return Self.nowhere }
        for index in values.indices { values[index] /= length }
        return values
    }

    package static let nowhere = [Float](repeating: 0, count: dimensions)

    func write(to writer: inout ByteWriter) {
        vocabulary.write(to: &writer)
        writer.put(table.scales)
        writer.put(table.bytes)
    }
}

extension StepEmbedder {
    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        vocabulary = try Vocabulary(&reader)
        table = GramTable(scales: try reader.array(Float.self), cells: try reader.array(Int8.self))
        guard table.width == Self.dimensions, table.bytes.count == vocabulary.count * table.stride else {
            throw ByteReader.Failure(reason: "its table of directions does not fit together")
        }
    }
}
