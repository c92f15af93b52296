import Domain
import Estimation

/// Trains the gate: one logistic regression a panel, against the texts of all other panels.
///
/// Panels of answers and of runs may have been asked in the same words (`PanelShares`): a text of one kind that has a near
/// twin in a panel of the other is not shown to that panel as foreign.
struct GateTrainer: Sendable {
    var seed: UInt64 = 1
    /// Texts of one panel at most, so that the largest does not drown the others.
    var textsPerPanel = 1200
    var vocabularyLimit = 12_000
    /// Texts whose n-grams have at least this cosine are twins.
    private static let twin: Float = 0.8

    func train(_ panels: [PanelData]) -> Gate {
        var random = SeededGenerator(seed: seed &+ 5)
        var grams: [NGrams] = []
        var labels: [Int] = []
        for (label, panel) in panels.enumerated() {
            for index in Array(0..<panel.count).shuffled(using: &random).prefix(textsPerPanel).sorted() {
                grams.append(panel.texts[index])
                labels.append(label)
            }
        }
        let vocabulary = Vocabulary(of: grams, limit: vocabularyLimit)
        var x = SparseRows(width: vocabulary.count)
        var targets = Targets(rows: grams.count, width: panels.count)
        for (row, gram) in grams.enumerated() {
            x.append(vocabulary.row(gram))
            for panel in panels.indices { targets.set(row, panel, labels[row] == panel ? 1 : 0) }
        }
        for (row, other) in twins(grams, labels.map { panels[$0].isOfRuns }) {
            targets.known[row, labels[other]] = 0
            targets.known[other, labels[row]] = 0
        }
        var logistic = SparseLogistic()
        logistic.penalty = 1e-4
        let weights = logistic.fit(x, targets, rows: Array(grams.indices))
        let stride = targets.scores.stride
        var columns = LaneTable(rows: vocabulary.count, width: panels.count)
        for row in 0..<vocabulary.count {
            for panel in panels.indices { columns[row, panel] = weights[row * stride + panel >> 2][panel & 3] }
        }
        return Gate(
            panels: panels.map(\.name), vocabulary: vocabulary, table: GramTable(columns, vocabulary),
            intercepts: panels.indices.map { weights[x.width * stride + $0 >> 2][$0 & 3] })
    }

    /// Pairs of a text of answers and a text of runs that are nearly the same.
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
