import Domain

/// A profile inferred from answers to the probe suite, with the measured speed.
package struct LiveProfile: Sendable {
    package var name: String
    /// Probes of one kind that were answered, and the points that they scored.
    package struct Kind: Hashable, Sendable {
        package var name: String
        package var asked: Int
        package var points: Double

        package init(name: String, asked: Int, points: Double) {
            self.name = name
            self.asked = asked
            self.points = points
        }
    }
    package var kinds: [Kind]
    /// Measured tokens per second of prefill and decode, and seconds to the first token; nil where not measured.
    package var prefillTokensPerSecond: Double?
    package var decodeTokensPerSecond: Double?
    package var firstTokenSeconds: Double?
    /// The model as a blend of every panel's models, with the names of these models.
    ///
    /// A blend does not fit a panel that was trained with other models since.
    package var blends: [(model: DerivedModel, panelModels: [String])]

    package init(
        name: String, kinds: [Kind], prefillTokensPerSecond: Double? = nil, decodeTokensPerSecond: Double? = nil,
        firstTokenSeconds: Double? = nil, blends: [(model: DerivedModel, panelModels: [String])]
    ) {
        self.name = name
        self.kinds = kinds
        self.prefillTokensPerSecond = prefillTokensPerSecond
        self.decodeTokensPerSecond = decodeTokensPerSecond
        self.firstTokenSeconds = firstTokenSeconds
        self.blends = blends
    }

    /// Number of answered probes.
    package var probes: Int { kinds.reduce(0) { $0 + $1.asked } }

    /// Share of points scored.
    package var share: Double { probes > 0 ? kinds.reduce(0) { $0 + $1.points } / Double(probes) : 0 }

    /// The measured speed for predictions; nil where not measured.
    var speed: AnswerSpeed? {
        guard let first = firstTokenSeconds, let decode = decodeTokensPerSecond, decode > 0 else { return nil }
        return AnswerSpeed(firstTokenSeconds: first, secondsPerToken: 1 / decode)
    }
}

extension LiveProfile {
    /// Encodes the profile as the content of a `live` file.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(kinds.map(\.name))
        writer.put(kinds.map { UInt32($0.asked) })
        writer.put(kinds.map { Float($0.points) })
        // 0 encodes a speed that was not measured.
        for speed in [prefillTokensPerSecond, decodeTokensPerSecond, firstTokenSeconds] {
            writer.put(Float(speed ?? 0))
        }
        writer.put(blends.count)
        for blend in blends {
            writer.put(blend.model.encoded())
            writer.put(blend.panelModels)
        }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        let names = try reader.strings()
        let asked = try reader.array(UInt32.self)
        let points = try reader.array(Float.self)
        guard asked.count == names.count, points.count == names.count else {
            throw ByteReader.Failure(reason: "its kinds of probes do not fit together")
        }
        kinds = names.indices.map { Kind(name: names[$0], asked: Int(asked[$0]), points: Double(points[$0])) }
        func speed() throws(ByteReader.Failure) -> Double? {
            let value = Double(try reader.float())
            guard value.isFinite, value >= 0 else { throw ByteReader.Failure(reason: "a speed is no speed") }
            return value > 0 ? value : nil
        }
        prefillTokensPerSecond = try speed()
        decodeTokensPerSecond = try speed()
        firstTokenSeconds = try speed()
        blends = []
        for _ in 0..<(try reader.integer()) {
            var model = try DerivedModel.nested(try reader.array(UInt8.self))
            let panelModels = try reader.strings()
            guard model.weights.count == panelModels.count + 1, panelModels.indices.contains(model.like) else {
                throw ByteReader.Failure(reason: "a blend does not fit its panel")
            }
            model.isLive = true
            blends.append((model, panelModels))
        }
    }
}

extension DerivedModel {
    /// Decodes a derived model inside another file's content.
    static func nested(_ bytes: [UInt8]) throws(ByteReader.Failure) -> DerivedModel {
        let outcome: Result<DerivedModel, ByteReader.Failure> = bytes.withUnsafeBytes { raw in
            do throws(ByteReader.Failure) {
                var reader = ByteReader(raw)
                return .success(try DerivedModel(&reader))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}

extension ProfileSet {
    /// The set with this live profile, which replaces an earlier derived model of its name.
    package func adding(_ profile: LiveProfile) -> ProfileSet {
        var panels = panels
        let name = ModelName.canonical(profile.name)
        for panel in panels.indices {
            panels[panel].derived.removeAll { ModelName.canonical($0.name) == name }
            let blend = profile.blends.first { $0.model.panel == panels[panel].name }
            if let blend, blend.panelModels == panels[panel].models { panels[panel].derived.append(blend.model) }
        }
        var set = rebuilt(with: panels)
        set.live = live.filter { ModelName.canonical($0.name) != name } + [profile]
        return set
    }

    /// The live profiles, ordered by name.
    package var liveProfiles: [LiveProfile] { live.sorted { $0.name < $1.name } }

    /// Writes the file of one live profile.
    /// - Returns: the file's path.
    /// - Throws: `EstimationError.unwritable`.
    package static func write(_ profile: LiveProfile, to directory: String) throws(EstimationError) -> String {
        let path = "\(directory)/model-\(LiveProfile.fileName(of: profile.name)).profile"
        try ProfileFile.write(ProfileFile.encode(.live, profile.encoded()), to: path)
        return path
    }
}

extension LiveProfile {
    /// The model's name, escaped for a file name.
    package static func fileName(of model: String) -> String {
        String(model.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
    }
}
