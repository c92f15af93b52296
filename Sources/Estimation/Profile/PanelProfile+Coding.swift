extension PanelProfile {
    /// The profile as the content of a file of kind `panel`.
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

    /// A panel inside another file's content.
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

    /// A file can be whole and still not fit together: no index may lead out of its table.
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

    /// Whether the tables fit together and no question asks for a feature beyond the dense vector.
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
