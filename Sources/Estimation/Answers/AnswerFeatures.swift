#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Surface features of an answer: length, refusal, truncation, marked final answer, calls that fit the schemas.
enum AnswerFeatures {
    /// Length of the feature vector.
    static let count = 14

    static func vector(_ output: String, final: FinalAnswer, tools: String?) -> [Float] {
        var words = WordSet()
        var wordCount = 0
        var refusals = 0
        var hedges = 0
        var numbers = 0
        var lines = 1
        var bytes = 0
        var last: UInt8 = 0
        var calls = 0
        var known = 0
        let toolWords = tools.map { Set(WordHash.all(of: $0)) }
        var text = output
        text.withUTF8 { buffer in
            bytes = buffer.count
            var index = 0
            while index < buffer.count {
                let byte = buffer[index]
                if byte > 0x20 { last = byte }
                if byte == UInt8(ascii: "\n") { lines += 1 }
                if byte == UInt8(ascii: "(") { calls += 1 }
                guard ByteKind.of(byte) == .letter else {
                    index += 1
                    continue
                }
                if byte >= 0x30 && byte <= 0x39 { numbers += 1 }
                var hash = WordHash()
                while index < buffer.count, ByteKind.of(buffer[index]) == .letter {
                    hash.add(buffer[index])
                    last = buffer[index]
                    index += 1
                }
                words.insert(hash.value)
                wordCount += 1
                if Self.refusing.contains(hash.value) { refusals += 1 }
                if Self.hedging.contains(hash.value) { hedges += 1 }
                if let toolWords, toolWords.contains(hash.value) { known += 1 }
            }
        }
        let isClosed = [0x7d, 0x5d, 0x29, 0x2e, 0x60, 0x22, 0x3e].contains(last)
        return [
            log1p(Float(bytes)), bytes == 0 ? 1 : 0, isClosed ? 1 : 0, final.isMarked ? 1 : 0, final.isCall ? 1 : 0,
            log1p(Float(final.words.count)), Float(min(refusals, 5)), Float(min(hedges, 5)), log1p(Float(numbers)),
            log1p(Float(lines)), log1p(Float(calls)), Float(words.count) / Float(wordCount + 1),
            toolWords == nil ? -1 : Float(known) / Float(wordCount + 1),
            final.isMarked && final.words.isEmpty ? 1 : 0,
        ]
    }

    private static let refusing: Set<UInt64> = Set(
        ["cannot", "sorry", "unable", "apologize", "insufficient", "unclear"].map { WordHash.of($0) })
    private static let hedging: Set<UInt64> = Set(
        ["might", "perhaps", "approximately", "however", "wait", "assume", "unfortunately", "error"]
            .map { WordHash.of($0) })
}

/// Verifies answers (`verify_m(x, y)`) from the question and the answers paid for so far.
///
/// Gives the probability that each model is right. For a model not called yet, it is the probability that it would be.
package struct AnswerProfile: Sendable {
    /// The panel whose questions the verifier was trained on.
    package var name: String
    /// One output: the probability of a right answer. Its inputs are `AnswerState.counts`.
    var verifier: PanelProfile
    /// Probability that a wrong answer is recognised, chosen on validation rows for the cascade.
    package var detectionRate: Float

    /// The probability of being right, by model.
    package func verify(_ state: AnswerState) -> [Double] { state.answers.indices.map { verify(state, $0) } }

    /// The probability that one model is right.
    func verify(_ state: AnswerState, _ model: Int) -> Double {
        let counts = Array(state.counts(model).prefix(verifier.countFeatures))
        return Double(verifier.probabilities(verifier.dense(state.grams(model), counts))[0])
    }

    /// Whether the verifier was trained on the questions of this panel.
    func fits(_ panel: PanelProfile) -> Bool {
        let known = AnswerState.count + panel.table.width
        return verifier.countFeatures == known || verifier.countFeatures == known + Grounding.count
    }

    /// The profile as the content of a file of kind `answers`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(verifier.encoded())
        writer.put(detectionRate)
        return writer.bytes
    }

    package init(name: String, verifier: PanelProfile, detectionRate: Float) {
        self.name = name
        self.verifier = verifier
        self.detectionRate = detectionRate
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        verifier = try PanelProfile.nested(try reader.array(UInt8.self))
        detectionRate = try reader.float()
        guard verifier.models.count == 1, verifier.countFeatures >= AnswerState.count else {
            throw ByteReader.Failure(reason: "the parts of a profile of answers do not fit together")
        }
    }
}
