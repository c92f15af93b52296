import Estimation

extension QuestionMemory {
    /// A stem with more questions than this in one panel is a turn of phrase, not a question.
    private static let mostQuestions = 3

    /// Remembers the training rows of all panels of answers.
    init(of panels: [PanelData]) {
        var entries: [Entry] = []
        for (number, panel) in panels.enumerated() where !panel.isOfRuns {
            let width = panel.models.count
            let all = Array(0..<panel.count)
            let means = (0..<width).map { Float(panel.targets.mean(of: $0, rows: all)) }
            var found: [UInt64: (sum: Float, count: Int)] = [:]
            for row in all {
                guard let stem = panel.stems[row] else { continue }
                var surplus: Float = 0
                var known: Float = 0
                for model in 0..<width where panel.targets.known[row, model] > 0 {
                    surplus += panel.targets.scores[row, model] - means[model]
                    known += 1
                }
                if known > 0 { found[stem, default: (0, 0)].sum += surplus / known }
                if known > 0 { found[stem, default: (0, 0)].count += 1 }
            }
            for (stem, value) in found where value.count <= Self.mostQuestions {
                entries.append(Entry(stem: stem, panel: Int32(number), surplus: value.sum / Float(value.count)))
            }
        }
        self.init(panels: panels.map(\.name), entries)
    }
}
