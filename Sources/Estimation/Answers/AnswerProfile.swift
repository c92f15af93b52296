/// Judges answers (`verify_m(x, y)`): from the question, the answers paid for so far and who gave them, the probability
/// that each model is right; of a model not asked yet, the probability that it would be.
package struct AnswerProfile: Sendable {
    /// The panel whose questions it was trained on.
    package var name: String
    /// One probability. Counts: `AnswerState`.
    var judge: PanelProfile
    /// How often a wrong answer is recognised as one; chosen on validation rows for the cascade.
    package var sight: Float

    /// The probability of every model that it is right.
    package func judge(_ state: AnswerState) -> [Double] { state.answers.indices.map { judge(state, $0) } }

    /// The probability of one model that it is right.
    func judge(_ state: AnswerState, _ model: Int) -> Double {
        let counts = Array(state.counts(model).prefix(judge.countFeatures))
        return Double(judge.probabilities(judge.dense(state.grams(model), counts))[0])
    }

    /// Whether the judge was trained on the questions of such a panel.
    func fits(_ panel: PanelProfile) -> Bool {
        let known = AnswerState.count + panel.table.width
        return judge.countFeatures == known || judge.countFeatures == known + Grounding.count
    }

    /// The profile as the content of a file of kind `answers`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(judge.encoded())
        writer.put(sight)
        return writer.bytes
    }

    package init(name: String, judge: PanelProfile, sight: Float) {
        self.name = name
        self.judge = judge
        self.sight = sight
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        judge = try PanelProfile.nested(try reader.array(UInt8.self))
        sight = try reader.float()
        guard judge.models.count == 1, judge.countFeatures >= AnswerState.count else {
            throw ByteReader.Failure(reason: "the parts of a profile of answers do not fit together")
        }
    }
}
