package import Domain

/// Recorded latencies: seconds = first token + per token x output tokens.
///
/// One line per model, fitted on training rows with `latency_s` and `output_tokens`. The recordings hold whole answers
/// only, so the first term covers all that does not grow with the answer: network, queue and prefill.
package struct SpeedProfile: Sendable {
    /// Models, ordered by name, and their speeds.
    let models: [String]
    let speeds: [AnswerSpeed]
    private let byName: [String: AnswerSpeed]

    package init(models: [String] = [], speeds: [AnswerSpeed] = []) {
        self.models = models
        self.speeds = speeds
        byName = Dictionary(zip(models.map(ModelName.canonical), speeds)) { first, _ in first }
    }

    /// The speed of a model under any spelling of its name; nil where none was recorded.
    subscript(model: ModelID) -> AnswerSpeed? { byName[ModelName.canonical(model.rawValue)] }
}

extension SpeedProfile {
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(models)
        for speed in speeds {
            writer.put(Float(speed.firstTokenSeconds))
            writer.put(Float(speed.secondsPerToken))
        }
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        let models = try reader.strings()
        var speeds: [AnswerSpeed] = []
        for _ in models {
            let first = Double(try reader.float())
            let each = Double(try reader.float())
            guard first.isFinite, each.isFinite, first >= 0, each >= 0 else {
                throw ByteReader.Failure(reason: "a speed is no time")
            }
            speeds.append(AnswerSpeed(firstTokenSeconds: first, secondsPerToken: each))
        }
        self.init(models: models, speeds: speeds)
    }
}

extension ProfileSet {
    /// The recorded or probed speed of a model; nil where neither exists.
    package func speed(of model: ModelID) -> AnswerSpeed? {
        if let recorded = speed[model] { return recorded }
        let name = ModelName.canonical(model.rawValue)
        return live.first { ModelName.canonical($0.name) == name }?.speed
    }
}
