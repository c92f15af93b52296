#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A log-normal estimate of a positive quantity of every model (output tokens, dollars, seconds), linear in the dense
/// features: log q = w . x + b + e, with e of deviation sigma. Models without data have a count of zero.
package struct LinearHead: Sendable {
    /// One row per dense feature; the intercepts are the last row.
    package var weights: LaneTable
    /// Standard deviation of the residual of log q, by model.
    package var deviations: [Float]
    /// mean(q / exp(estimate)) on the training rows, by model. Corrects the mean for any shape of the residuals.
    package var smears: [Float]
    /// Training rows, by model.
    package var counts: [Int32]

    package init(weights: LaneTable, deviations: [Float], smears: [Float], counts: [Int32]) {
        self.weights = weights
        self.deviations = deviations
        self.smears = smears
        self.counts = counts
    }

    package func isKnown(_ model: Int) -> Bool { counts[model] > 0 }

    /// Every model's estimate of log q for a dense vector.
    package func estimates(_ dense: [Float]) -> [Float] {
        let stride = weights.stride
        return withUnsafeTemporaryAllocation(of: Lane.self, capacity: stride) { sums in
            weights.lanes.withUnsafeBufferPointer { weights in
                _ = sums.initialize(from: weights[(dense.count * stride)..<(dense.count * stride + stride)])
                for (feature, value) in dense.enumerated() {
                    for lane in 0..<stride { sums[lane] += value * weights[feature * stride + lane] }
                }
            }
            return deviations.indices.map { sums[$0 >> 2][$0 & 3] }
        }
    }

    /// The mean of the quantity.
    /// - Parameter estimates: the result of `estimates(_:)`.
    package func mean(_ estimates: [Float], _ model: Int) -> Double { Double(exp(estimates[model]) * smears[model]) }

    /// The quantile that lies `deviations` above the median: 1.645 for the 95 % quantile.
    package func quantile(_ estimates: [Float], _ model: Int, deviations beyond: Float) -> Double {
        Double(exp(estimates[model] + beyond * deviations[model]))
    }
}

/// Classifies which panel's queries a text resembles, from the text alone.
package struct Gate: Sendable {
    /// The panels, in column order. One more column may follow: texts like no panel's.
    var panels: [String]
    var vocabulary: Vocabulary
    var table: GramTable
    var intercepts: [Float]

    /// By panel, the log-odds that a text belongs to it rather than to any other. Those of none follow.
    func scores(_ grams: NGrams) -> [Float] {
        var scores = table.scores(grams, vocabulary)
        for column in scores.indices { scores[column] += intercepts[column] }
        return scores
    }

    /// Encodes the gate as the content of a `gate` file.
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
        guard table.width == panels.count || table.width == panels.count + 1, intercepts.count == table.width,
            !panels.isEmpty,
            table.bytes.count == vocabulary.count * table.stride
        else { throw ByteReader.Failure(reason: "the tables of the gate do not fit together") }
    }
}

/// Platt's scaling (Platt 1999): p = logistic(slope * z + offset), fitted on out-of-fold scores.
package struct Calibration: Sendable, BitwiseCopyable {
    var slope: Float = 1
    var offset: Float = 0

    package func probability(_ z: Float) -> Float { logistic(slope * z + offset) }

    /// Fits the scaling; see `PlattScaling`.
    package static func fit(_ scores: [Float], _ targets: [Float], prior: Double = 20) -> Calibration {
        let rows = zip(scores, targets).map { (z: Double($0), outcome: Double($1)) }
        let (slope, offset) = PlattScaling.fit(rows, prior: prior)
        return Calibration(slope: Float(slope), offset: Float(offset))
    }
}
