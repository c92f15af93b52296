/// Embeds a step's output: the leading latent directions of the n-grams of all outputs of a suite (latent semantic
/// analysis), each divided by the root of its singular value, normalised to length 1.
///
/// Without the division, the text common to all outputs ("thought", "SELECT ... FROM") makes everything similar. Its
/// effect on the share of paired steps above a cosine of 0.7 is measured in docs/internals/deep/runs.md.
package struct StepEmbedder: Sendable {
    package static let dimensions = 32

    var vocabulary: Vocabulary
    var table: GramTable

    package init(vocabulary: Vocabulary, table: GramTable) {
        self.vocabulary = vocabulary
        self.table = table
    }

    /// The direction of a text; all zeros without a known n-gram.
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

/// HERA's S-L distance, which aligns the reference's steps with a cheaper model's.
///
/// For each step of the reference: how many *additional* steps of the cheaper model are needed until one is similar,
/// counted from the step behind the previous match; never if none is. A match moves the position from which the next
/// search starts (the distance is incremental, HERA section 4). Similar means a cosine above 0.7.
package enum StepDistance {
    /// The paper's threshold.
    static let similar: Float = 0.7
    /// Distances from here on are one class; never is another.
    static let many = 2
    package static let classes = 4

    /// The class of every step of the reference: 0, 1, 2 (or more), 3 (never).
    package static func classes(reference: [[Float]], other: [[Float]]) -> [Int] {
        alignment(reference: reference, other: other).classes
    }

    /// The classes, and for every step of the reference the other model's step that its distance is counted from.
    package static func alignment(reference: [[Float]], other: [[Float]]) -> (classes: [Int], from: [Int]) {
        var next = 0
        var from: [Int] = []
        let found = reference.map { step in
            from.append(next)
            for index in next..<max(other.count, next) where cosine(step, other[index]) > similar {
                let distance = index - next
                next = index + 1
                return min(distance, many)
            }
            return Self.classes - 1
        }
        return (found, from)
    }

    /// The numeric value of a class for mean errors: never counts as one more than many.
    package static func value(ofClass place: Int) -> Double { Double(place) }

    package static func cosine(_ a: [Float], _ b: [Float]) -> Float {
        var product: Float = 0
        var squares: (a: Float, b: Float) = (0, 0)
        for (x, y) in zip(a, b) {
            product += x * y
            squares.a += x * x
            squares.b += y * y
        }
        let scale = (squares.a * squares.b).squareRoot()
        return scale > 1e-12 ? product / scale : 0
    }
}
