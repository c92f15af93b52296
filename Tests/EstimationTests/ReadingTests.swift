import Foundation
import Testing

@testable import Domain
@testable import Estimation

/// What a decision computes for all columns at once, against one column after the other.
@Suite struct ReadingTests {
    private static let words = [
        "ledger", "orchestra", "of", "seven", "stadiums", "plays", "42", "museum", "tables", "?",
    ]

    private static func texts(_ count: Int) -> [NGrams] {
        var random = SeededGenerator(seed: 12)
        return (0..<count).map { _ in
            NGrams(
                of: [
                    (0..<40).map { _ in words[Int(random.unit() * Double(words.count))] }.joined(separator: " ")
                ])
        }
    }

    @Test("scores of many columns are the sums of their rows, view by view", arguments: [1, 16, 37])
    func scores(width: Int) {
        let texts = Self.texts(6)
        let vocabulary = Vocabulary(of: texts, limit: 10_000)
        var random = SeededGenerator(seed: 5)
        var columns = LaneTable(rows: vocabulary.count, width: width)
        for row in 0..<columns.rows {
            for column in 0..<width { columns[row, column] = Float(random.unit() - 0.5) }
        }
        let table = GramTable(columns, vocabulary)
        let stride = (width + 15) / 16 * 16
        let cells = table.bytes
        // Repeated, so that there are more rows than 16-bit sums hold.
        let long = NGrams(of: [(0..<400).map { "\(Self.words[$0 % 10])\($0)" }.joined(separator: " ")])
        for text in texts + [long, NGrams.none] {
            let scores = table.scores(text, vocabulary)
            for column in 0..<width {
                var expected = 0.0
                for view in [text.characters, text.words] {
                    let rows = view.map { Int(vocabulary.slots[Int($0)]) - 1 }.filter { $0 >= 0 }
                    let squares = rows.reduce(0.0) {
                        $0 + pow(Double(vocabulary.weights[$1]) * Double(Vocabulary.weightStep), 2)
                    }
                    let sum = rows.reduce(0) { $0 + Int(cells[$1 * stride + column]) }
                    if squares > 0 { expected += Double(sum) * Double(table.scales[column]) / squares.squareRoot() }
                }
                #expect(abs(Double(scores[column]) - expected) < 1e-4)
            }
        }
    }

    @Test("lengths of all models at once are those of each alone")
    func lengths() {
        var random = SeededGenerator(seed: 8)
        var head = LinearHead(
            weights: LaneTable(rows: 8, width: 6), deviations: [Float](repeating: 0.5, count: 6),
            smears: [Float](repeating: 1.1, count: 6), counts: [Int32](repeating: 9, count: 6))
        for row in 0..<8 { for model in 0..<6 { head.weights[row, model] = Float(random.unit()) } }
        let dense = (0..<7).map { _ in Float(random.unit() - 0.5) }
        let estimates = head.estimates(dense)
        for model in 0..<6 {
            let alone = dense.indices.reduce(head.weights[7, model]) { $0 + dense[$1] * head.weights[$1, model] }
            #expect(abs(estimates[model] - alone) < 1e-5)
            #expect(abs(head.mean(estimates, model) - 1.1 * Foundation.exp(Double(alone))) < 1e-4)
            #expect(abs(head.quantile(estimates, model, deviations: 2) - Foundation.exp(Double(alone) + 1)) < 1e-4)
        }
    }

    @Test("letters, digits and bytes beyond ASCII make words, blanks part them, all else are marks")
    func bytes() {
        for byte in UInt8.min...UInt8.max {
            let scalar = Unicode.Scalar(byte)
            let expected: ByteKind =
                byte <= 0x20
                ? .blank
                : byte >= 0x80 || CharacterSet.alphanumerics.contains(scalar) ? .letter : .mark
            #expect(ByteKind.of(byte) == expected)
        }
    }
}
