#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The difficulty of a text, and what models of an ability make of it: the content of `general.profile`.
///
/// It predicts texts unlike those with recorded answers. Difficulty and ability are points of the same scale: a model
/// succeeds half of the time where both are equal.
package struct GeneralAbility: Sendable {
    var vocabulary: Vocabulary
    /// One column: the score of the n-grams.
    var table: GramTable
    /// By surface count: its mean, the inverse of its deviation, and its weight.
    var means: [Float]
    var scales: [Float]
    var weights: [Float]
    var intercept: Float
    /// Log-odds of success for one point of ability above the estimated difficulty.
    package var slope: Float
    /// The share of good answers that no model exceeds.
    package var ceiling: Float
    /// Difficulties of typical texts, ascending.
    package var usual: [Float]

    /// Standard deviation, in log-odds, of a model's talent for one kind of text beyond its general ability.
    static let talent = 0.3
    /// Rows that a prediction is worth, beside the doubt about ability.
    static let worth: Float = 60

    /// Points for one unit of the linear score.
    package static let spread: Float = 25
    /// The difficulty at a score of 0.
    package static let centre: Float = 125

    package init(
        vocabulary: Vocabulary, table: GramTable, means: [Float], scales: [Float], weights: [Float], intercept: Float,
        slope: Float, ceiling: Float, usual: [Float]
    ) {
        self.vocabulary = vocabulary
        self.table = table
        self.means = means
        self.scales = scales
        self.weights = weights
        self.intercept = intercept
        self.slope = slope
        self.ceiling = ceiling
        self.usual = usual
    }

    /// The ability at which a model is expected to succeed half of the time, in points.
    package func difficulty(_ grams: NGrams, _ counts: [Float]) -> Double {
        var score = table.scores(grams, vocabulary)[0] + intercept
        let known = Self.standardized(counts, means: means, scales: scales)
        for (value, weight) in zip(known, weights) { score += value * weight }
        return Double(Self.centre + Self.spread * score)
    }

    /// Replaces every difficulty d by offset + slope d.
    package mutating func stretch(offset: Double, slope: Double) {
        let shift = (offset + (slope - 1) * Double(Self.centre)) / Double(Self.spread)
        intercept = intercept * Float(slope) + Float(shift)
        weights = weights.map { $0 * Float(slope) }
        table = GramTable(scales: table.scales.map { $0 * Float(slope) }, cells: table.bytes)
    }

    /// Counts less their means, in deviations. Counts far outside of all training texts are cut.
    package static func standardized(_ counts: [Float], means: [Float], scales: [Float]) -> [Float] {
        means.indices.map { min(max((counts[$0] - means[$0]) * scales[$0], -3), 3) }
    }

    /// The probability of a good answer.
    package func quality(ability: Double, difficulty: Double) -> Double {
        Double(ceiling) * logistic(Double(slope) * (ability - difficulty))
    }

    /// The mean probability over typical texts.
    package func usualQuality(ability: Double) -> Double {
        usual.reduce(0) { $0 + quality(ability: ability, difficulty: Double($1)) } / Double(max(usual.count, 1))
    }
}

extension GeneralAbility {
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        vocabulary.write(to: &writer)
        writer.put(table.scales)
        writer.put(table.bytes)
        for values in [means, scales, weights, usual] { writer.put(values) }
        for value in [intercept, slope, ceiling] { writer.put(value) }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        vocabulary = try Vocabulary(&reader)
        table = GramTable(scales: try reader.array(Float.self), cells: try reader.array(Int8.self))
        means = try reader.array(Float.self)
        scales = try reader.array(Float.self)
        weights = try reader.array(Float.self)
        usual = try reader.array(Float.self)
        intercept = try reader.float()
        slope = try reader.float()
        ceiling = try reader.float()
        guard table.width == 1, table.bytes.count == vocabulary.count * table.stride, means.count == scales.count,
            means.count == weights.count, means.count <= SurfaceCounts.count, slope.isFinite, ceiling > 0, ceiling <= 1
        else { throw ByteReader.Failure(reason: "the parts of the general ability do not fit together") }
    }
}
