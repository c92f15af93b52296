/// The trained profile of models that answered the same queries.
///
/// A text goes through four stages: n-grams to linear scores and latent directions (`GramTable`); these and the surface
/// counts to a dense vector; the dense vector through the forest to one log-odds per model; calibration to a
/// probability.
package struct PanelProfile: Sendable {
    package var name: String
    /// The names of the models, as in the training data.
    package var models: [String]
    /// Number of surface counts.
    package var countFeatures: Int
    /// Training rows, by model.
    package var counts: [Int32]
    /// The share of good answers on the training rows, by model.
    package var baseRates: [Float]
    var vocabulary: Vocabulary
    package var table: GramTable
    /// Added to the models' linear scores.
    var intercepts: [Float]
    /// Log-odds before the first tree, by model.
    var start: [Float]
    var forest: Forest
    var calibrations: [Calibration]
    /// Coupling of the errors of two models, 0...1: row m, column r for m against the reference r.
    package var couplings: [Float]
    /// Rows that a prediction is worth: its variance is p (1 - p) / (worth + 1).
    var worth: Float
    package var outputTokens: LinearHead
    package var costUSD: LinearHead
    var seconds: LinearHead
    /// Models inferred from few answers, numbered after the panel's own models and stored in separate files.
    package var derived: [DerivedModel] = []

    package init(
        name: String, models: [String], countFeatures: Int, counts: [Int32], baseRates: [Float], vocabulary: Vocabulary,
        table: GramTable, intercepts: [Float], start: [Float], forest: Forest, calibrations: [Calibration],
        couplings: [Float], worth: Float, outputTokens: LinearHead, costUSD: LinearHead, seconds: LinearHead,
        derived: [DerivedModel] = []
    ) {
        self.name = name
        self.models = models
        self.countFeatures = countFeatures
        self.counts = counts
        self.baseRates = baseRates
        self.vocabulary = vocabulary
        self.table = table
        self.intercepts = intercepts
        self.start = start
        self.forest = forest
        self.calibrations = calibrations
        self.couplings = couplings
        self.worth = worth
        self.outputTokens = outputTokens
        self.costUSD = costUSD
        self.seconds = seconds
        self.derived = derived
    }

    /// A model's share of good answers on the training questions.
    func baseRate(_ model: Int) -> Float {
        model < models.count ? baseRates[model] : derived[model - models.count].baseRate
    }

    /// The measured model that stands in for a model's lengths and couplings, with multiples of its tokens and dollars.
    func measured(_ model: Int) -> (model: Int, tokens: Double, dollars: Double) {
        if model < models.count { return (model, 1, 1) }
        let derived = derived[model - models.count]
        return (derived.like, Double(derived.tokenRatio), Double(derived.costRatio))
    }

    /// A text's dense vector: surface counts, latent directions, the models' linear scores and their mean.
    package func dense(_ grams: NGrams, _ counts: [Float]) -> [Float] {
        let scores = table.scores(grams, vocabulary)
        var dense = Array(counts.prefix(countFeatures))
        dense.reserveCapacity(counts.count + scores.count + 1)
        dense += scores[models.count...]
        var sum: Float = 0
        for model in models.indices {
            let score = scores[model] + intercepts[model]
            dense.append(score)
            sum += score
        }
        dense.append(sum / Float(max(models.count, 1)))
        return dense
    }

    /// The probability of a good answer by model. Derived models are last.
    package func probabilities(_ dense: [Float]) -> [Float] {
        let scores = logOdds(dense)
        let own = models.indices.map { calibrations[$0].probability(scores[$0]) }
        return derived.isEmpty ? own : own + derived.map { $0.probability(own) }
    }

    /// The uncalibrated log-odds by model.
    func logOdds(_ dense: [Float]) -> [Float] {
        withUnsafeTemporaryAllocation(of: Lane.self, capacity: forest.stride) { sums in
            sums.initialize(repeating: .zero)
            for (model, value) in start.enumerated() { sums[model >> 2][model & 3] = value }
            dense.withUnsafeBufferPointer { forest.add($0, to: sums) }
            return models.indices.map { sums[$0 >> 2][$0 & 3] }
        }
    }
}

/// How strongly the errors of two models are coupled, from 0 (independent) to 1 (nested).
///
/// Nested means that the other model also misses what the abler one misses.
package enum Coupling {
    /// The default for two models that never answered the same queries.
    package static let unknown: Float = 0.4

    /// P(the reference good, the model bad) = (1 - k) r (1 - p) + k max(0, r - p).
    static func lost<Number: BinaryFloatingPoint>(_ p: Number, reference r: Number, coupling k: Number) -> Number {
        (1 - k) * r * (1 - p) + k * max(0, r - p)
    }
}

extension PanelProfile {
    /// Encodes the profile as the content of a `panel` file.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(models)
        writer.put(countFeatures)
        writer.put(counts)
        writer.put(baseRates)
        vocabulary.write(to: &writer)
        writer.put(table.scales)
        writer.put(table.bytes)
        writer.put(intercepts)
        writer.put(start)
        forest.write(to: &writer)
        writer.put(calibrations)
        writer.put(couplings)
        writer.put(worth)
        for head in [outputTokens, costUSD, seconds] { head.write(to: &writer) }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        models = try reader.strings()
        countFeatures = try reader.integer()
        counts = try reader.array(Int32.self)
        baseRates = try reader.array(Float.self)
        vocabulary = try Vocabulary(&reader)
        table = GramTable(scales: try reader.array(Float.self), cells: try reader.array(Int8.self))
        intercepts = try reader.array(Float.self)
        start = try reader.array(Float.self)
        forest = try Forest(&reader)
        calibrations = try reader.array(Calibration.self)
        couplings = try reader.array(Float.self)
        worth = try reader.float()
        outputTokens = try LinearHead(&reader)
        costUSD = try LinearHead(&reader)
        seconds = try LinearHead(&reader)
        try check()
    }

    /// Decodes a panel inside another file's content.
    static func nested(_ bytes: [UInt8]) throws(ByteReader.Failure) -> PanelProfile {
        let outcome: Result<PanelProfile, ByteReader.Failure> = bytes.withUnsafeBytes { raw in
            do throws(ByteReader.Failure) {
                var reader = ByteReader(raw)
                return .success(try PanelProfile(&reader))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Checks that every index is inside its table, because an undamaged file may still be inconsistent.
    private func check() throws(ByteReader.Failure) {
        let width = models.count
        guard countFeatures < 1 << 12 else { throw ByteReader.Failure(reason: "it has impossibly many counts") }
        let features = countFeatures + table.width + 1
        func hold(_ condition: Bool, _ what: String) throws(ByteReader.Failure) {
            if !condition { throw ByteReader.Failure(reason: what) }
        }
        try hold(
            width > 0
                && [counts.count, baseRates.count, intercepts.count, start.count, calibrations.count]
                    .allSatisfy { $0 == width }
                && forest.width == width && couplings.count == width * width, "its models do not fit together")
        try hold(
            table.width >= width && table.bytes.count == vocabulary.count * table.stride,
            "its n-gram table has another size")
        try hold(forest.isWhole(features: features), "its forest asks for a feature that is not there")
        try hold(
            [outputTokens, costUSD, seconds].allSatisfy { $0.isWhole(features: features, models: width) },
            "an estimate of lengths has another size")
    }
}

extension Forest {
    func write(to writer: inout ByteWriter) {
        writer.put(depth)
        writer.put(width)
        writer.put(features)
        writer.put(thresholds)
        writer.put(leaves)
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        self.init(
            depth: try reader.integer(), width: try reader.integer(), features: try reader.array(UInt16.self),
            thresholds: try reader.array(Float.self), leaves: try reader.array(Lane.self))
    }

    /// Whether the tables have consistent sizes and every split reads a feature of the dense vector.
    func isWhole(features count: Int) -> Bool {
        guard depth > 0, depth < 12, features.count == thresholds.count, features.count % depth == 0 else {
            return features.isEmpty && leaves.isEmpty
        }
        return leaves.count == features.count / depth * (stride << depth) && features.allSatisfy { Int($0) < count }
    }
}

extension LinearHead {
    func write(to writer: inout ByteWriter) {
        writer.put(weights.rows)
        writer.put(weights.width)
        writer.put(weights.lanes)
        writer.put(deviations)
        writer.put(smears)
        writer.put(counts)
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        let rows = try reader.integer()
        let width = try reader.integer()
        guard rows < 1 << 16, width < 1 << 16 else { throw ByteReader.Failure(reason: "a table is impossibly large") }
        weights = LaneTable(rows: rows, width: width)
        let lanes = try reader.array(Lane.self)
        guard lanes.count == weights.lanes.count else { throw ByteReader.Failure(reason: "a table has another size") }
        weights.lanes = lanes
        deviations = try reader.array(Float.self)
        smears = try reader.array(Float.self)
        counts = try reader.array(Int32.self)
    }

    func isWhole(features: Int, models: Int) -> Bool {
        weights.rows == features + 1 && weights.width == models
            && [deviations.count, smears.count, counts.count].allSatisfy { $0 == models }
    }
}
