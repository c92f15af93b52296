import Domain
import Estimation

/// Trains the verifier of answers on random sets of called models.
///
/// The verifier learns which models are right, called or not.
struct AnswerTrainer: Sendable {
    var seed: UInt64 = 1
    var panel = PanelTrainer()
    /// Sets of called models per row.
    var draws = 3
    /// Maximum size of a set.
    var mostAsked = 4
    /// Maximum number of rows.
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
        var samples = PanelData(name: data.name, models: ["answer"], texts: texts, counts: counts, groups: groups)
        for (row, score) in scores.enumerated() { samples.targets.set(row, 0, Double(score)) }
        var trainer = panel
        trainer.seed = seed &+ 901
        trainer.vocabularyLimit = 12_000
        trainer.directions = 8
        trainer.grower.rounds += trainer.grower.rounds / 2
        trainer.grower.depth += 1
        let verifier = trainer.train(samples, progress: progress).profile
        return AnswerProfile(name: data.name, verifier: verifier, detectionRate: 0.7)
    }
}

/// Trains the gate: one logistic regression per panel, against the texts of all other panels.
///
/// Panels of answers and of runs may share texts (`PanelShares`). A text with a near duplicate in a panel of the other
/// kind is not a negative example for that panel.
struct GateTrainer: Sendable {
    var seed: UInt64 = 1
    /// Maximum number of texts per panel, so that the largest does not dominate.
    var textsPerPanel = 1200
    var vocabularyLimit = 12_000
    /// The least cosine of the n-grams of near duplicates.
    private static let twin: Float = 0.8

    /// Weight of a foreign text, so that fewer of them than of recorded texts still count.
    private static let foreignWeight: Float = 2

    /// - Parameter foreign: texts like no panel's. With any, the gate has one more column.
    func train(_ panels: [PanelData], foreign: [NGrams] = []) -> Gate {
        var random = SeededGenerator(seed: seed &+ 5)
        var grams: [NGrams] = []
        var labels: [Int] = []
        for (label, panel) in panels.enumerated() {
            for index in Array(0..<panel.count).shuffled(using: &random).prefix(textsPerPanel).sorted() {
                grams.append(panel.texts[index])
                labels.append(label)
            }
        }
        let recorded = grams.count
        let width = panels.count + (foreign.isEmpty ? 0 : 1)
        grams += foreign
        labels += foreign.map { _ in panels.count }
        let vocabulary = Vocabulary(of: grams, limit: vocabularyLimit)
        var x = SparseRows(width: vocabulary.count)
        var targets = Targets(rows: grams.count, width: width)
        for (row, gram) in grams.enumerated() {
            x.append(vocabulary.row(gram))
            for column in 0..<width {
                targets.set(row, column, labels[row] == column ? 1 : 0)
                if row >= recorded { targets.known[row, column] = Self.foreignWeight }
            }
        }
        for (row, other) in twins(Array(grams[..<recorded]), labels[..<recorded].map { panels[$0].isOfRuns }) {
            targets.known[row, labels[other]] = 0
            targets.known[other, labels[row]] = 0
        }
        var logistic = SparseLogistic()
        logistic.penalty = 1e-4
        let weights = logistic.fit(x, targets, rows: Array(grams.indices))
        let stride = targets.scores.stride
        var columns = LaneTable(rows: vocabulary.count, width: width)
        for row in 0..<vocabulary.count {
            for column in 0..<width { columns[row, column] = weights[row * stride + column >> 2][column & 3] }
        }
        return Gate(
            panels: panels.map(\.name), vocabulary: vocabulary, table: GramTable(columns, vocabulary),
            intercepts: (0..<width).map { weights[x.width * stride + $0 >> 2][$0 & 3] })
    }

    /// Near duplicates: pairs of a text of answers and a text of runs.
    private func twins(_ grams: [NGrams], _ isOfRuns: [Bool]) -> [(Int, Int)] {
        let runs = grams.indices.filter { isOfRuns[$0] }
        if runs.isEmpty || runs.count == grams.count { return [] }
        let index = TaskRecall(of: runs.map { grams[$0] }, width: 1)
        return grams.indices.filter { !isOfRuns[$0] }.flatMap { row in
            // The kernel is the square of the cosine.
            index.kernel(grams[row]).enumerated().filter { $0.element >= Self.twin * Self.twin }.map {
                (row, runs[$0.offset])
            }
        }
    }
}
