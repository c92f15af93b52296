import Domain
import Estimation

/// Trains the judge of answers: random sets of models are taken to have been asked, and the judge learns which models are
/// right, asked or not.
struct AnswerTrainer: Sendable {
    var seed: UInt64 = 1
    var panel = PanelTrainer()
    /// Sets of asked models drawn for each row.
    var draws = 3
    /// Models asked at most.
    var mostAsked = 4
    /// Rows drawn for the judge at most.
    var rowLimit = 40_000

    /// - Parameters:
    ///   - rows: the training rows, in the order of the panel's data.
    ///   - trained: the panel of these rows.
    /// - Returns: nil where the rows have no outputs.
    func train(
        _ rows: [OutcomeRow], _ data: PanelData, _ trained: TrainedPanel, progress: PanelTrainer.Progress = { _, _ in }
    ) -> AnswerProfile? {
        let models = trained.profile.models
        guard models.count > 1, rows.allSatisfy({ $0.outcomes.values.allSatisfy { $0.output != nil } }) else {
            return nil
        }
        var random = SeededGenerator(seed: seed &+ 900)
        var texts: [NGrams] = []
        var counts: [[Float]] = []
        var groups: [Int] = []
        var scores: [Float] = []
        let draws = max(1, min(draws, rowLimit / max(1, rows.count * 6)))
        for (place, row) in rows.enumerated() {
            let grounding = Grounding(of: row.text)
            let answers = models.map {
                row.outcomes[$0]?.output.map {
                    AnswerState.Answer($0, tools: row.text.tools, grounding: grounding)
                }
            }
            let dense = trained.profile.dense(data.texts[place], data.counts[place])
            let question = AnswerState.question(dense, trained.profile, honest: trained.honest.row(place))
            for _ in 0..<draws {
                var state = AnswerState(
                    predicted: trained.honest.row(place), baseRates: trained.profile.baseRates, question: question,
                    answers: models.map { _ in nil })
                let order = Array(models.indices).shuffled(using: &random)
                let asked = order.prefix(Int(random.next() % UInt64(mostAsked + 1)))
                for model in asked { state.answers[model] = answers[model] }
                for model in asked + order.dropFirst(asked.count).prefix(3) {
                    guard data.targets.known[place, model] > 0 else { continue }
                    texts.append(state.grams(model))
                    counts.append(state.counts(model))
                    groups.append(place)
                    scores.append(data.targets.scores[place, model])
                }
            }
        }
        var judged = PanelData(name: data.name, models: ["answer"], texts: texts, counts: counts, groups: groups)
        for (row, score) in scores.enumerated() { judged.targets.set(row, 0, Double(score)) }
        var trainer = panel
        trainer.seed = seed &+ 901
        trainer.vocabularyLimit = 12_000
        trainer.directions = 8
        trainer.grower.rounds += trainer.grower.rounds / 2
        trainer.grower.depth += 1
        let judge = trainer.train(judged, progress: progress).profile
        return AnswerProfile(name: data.name, judge: judge, sight: 0.7)
    }
}
