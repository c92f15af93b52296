#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The state of one query: every model's prediction, and the answers paid for so far.
package struct AnswerState: Sendable {
    /// An answer with its features, extracted once.
    package struct Answer: Sendable {
        var final: FinalAnswer
        var marks: [Float]
        /// The answer's `Grounding` features.
        var grounds: [Float]
        var grams: NGrams

        package init(_ output: String, tools: String?, grounding: Grounding) {
            final = FinalAnswer(output, offersTools: tools != nil)
            marks = AnswerFeatures.vector(output, final: final, tools: tools)
            grounds = grounding.vector(output)
            grams = NGrams(of: [output])
        }
    }

    /// By model: the probability predicted before any answer, and the model's mean.
    var predicted: [Float]
    var baseRates: [Float]
    /// The panel's view of the question: latent directions and the log-odds of all its models.
    var question: [Float]
    /// By model; nil where the model was not called.
    package var answers: [Answer?]

    package init(predicted: [Float], baseRates: [Float], question: [Float], answers: [Answer?]) {
        self.predicted = predicted
        self.baseRates = baseRates
        self.question = question
        self.answers = answers
    }

    /// Features in `counts`, without the question's own and the last `Grounding.count`.
    static let count = 18 + AnswerFeatures.count

    /// The verifier's input for one model, called or not.
    ///
    /// A verifier trained before the `Grounding` features existed reads the vector without them.
    package func counts(_ model: Int) -> [Float] {
        var agree: (count: Float, weight: Float, best: Float) = (0, 0, 0)
        var disagree: (count: Float, weight: Float, best: Float) = (0, 0, 0)
        var similarity: Float = 0
        var groups: [UInt64: (count: Float, weight: Float)] = [:]
        var asked: Float = 0
        let own = answers[model]
        for (other, answer) in answers.enumerated() {
            guard let answer else { continue }
            asked += 1
            let weight = Float(logit(Double(predicted[other]))) + 2
            groups[answer.final.key, default: (0, 0)].count += 1
            groups[answer.final.key, default: (0, 0)].weight += max(weight, 0.1)
            guard other != model, let own else { continue }
            similarity += own.final.similarity(to: answer.final)
            if answer.final.key == own.final.key {
                agree = (agree.count + 1, agree.weight + weight, max(agree.best, predicted[other]))
            } else {
                disagree = (disagree.count + 1, disagree.weight + weight, max(disagree.best, predicted[other]))
            }
        }
        let sorted = groups.values.map(\.weight).sorted(by: >)
        let leading = sorted.first ?? 0
        let total = sorted.reduce(0, +)
        let isLeading = own.map { groups[$0.final.key]?.weight == leading } ?? false
        let mean = predicted.reduce(0, +) / Float(max(predicted.count, 1))
        return [
            own == nil ? 0 : 1, asked, Float(logit(Double(predicted[model]))), Float(logit(Double(mean))),
            Float(logit(Double(baseRates[model]))), agree.count, agree.weight, agree.best, disagree.count,
            disagree.weight, disagree.best, isLeading ? 1 : 0, total > 0 ? leading / total : 0, Float(groups.count),
            sorted.count > 1 ? sorted[1] / leading : 0, leading,
            asked > 1 && own != nil ? similarity / (asked - 1) : -1, agree.weight - disagree.weight,
        ] + (own?.marks ?? [Float](repeating: 0, count: AnswerFeatures.count)) + question
            + (own?.grounds ?? [Float](repeating: 0, count: Grounding.count))
    }

    /// The n-grams of a model's answer; empty where the model was not called.
    package func grams(_ model: Int) -> NGrams { answers[model]?.grams ?? NGrams(of: []) }
}

extension AnswerState {
    /// The question's part of the verifier's input: latent directions and the log-odds of all models of the panel.
    package static func question(_ dense: [Float], _ panel: PanelProfile, honest: [Float]) -> [Float] {
        let directions = panel.table.width - panel.models.count
        let first = panel.countFeatures
        return dense[first..<(first + directions)] + honest.map { Float(logit(Double($0))) }
    }
}
