/// Trains the gate: one logistic regression a panel, against the texts of all other panels.
struct GateTrainer: Sendable {
    var seed: UInt64 = 1
    /// Texts of one panel at most, so that the largest does not drown the others.
    var textsPerPanel = 1200
    var vocabularyLimit = 12_000

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
}
