import Estimation

extension TaskRecall {
    /// Ridge of the mean over outputs, in rows of noise per task.
    private static let ridge = 0.5
    /// The factor of the ridge on an output's own deviation.
    private static let ownRidge = 4.0

    /// Fits the recall of some tasks, and its out-of-fold prediction for each task.
    ///
    /// - Parameters:
    ///   - targets: by task, then output; nil where unknown.
    ///   - folding: the fold of every task.
    static func train(
        _ texts: [NGrams], targets: [[Double?]], folding: [Int]
    ) -> (recall: TaskRecall, honest: [[Float]]) {
        let count = texts.count
        var recall = TaskRecall(of: texts, width: targets.first?.count ?? 0)
        let kernel = texts.map { recall.kernel($0) }
        let all = Array(0..<count)
        var honest = [[Float]](repeating: [], count: count)
        for fold in Set(folding).sorted() {
            let rows = all.filter { folding[$0] != fold }
            let (base, weights) = solve(kernel, rows, targets)
            for task in all where folding[task] == fold {
                honest[task] = base.indices.map { output in
                    Float(
                        rows.indices.reduce(base[output]) {
                            $0 + Double(kernel[task][rows[$1]]) * weights[$1][output]
                        })
                }
            }
        }
        let (base, weights) = solve(kernel, all, targets)
        recall.base = base.map { Float($0) }
        for (task, row) in weights.enumerated() {
            for (output, weight) in row.enumerated() { recall.weights[task, output] = Float(weight) }
        }
        return (recall, honest)
    }

    /// The index of the tasks' n-grams, without weights.
    init(of texts: [NGrams], width: Int) {
        let vocabulary = Vocabulary(of: texts, limit: 40_000)
        var lists = [[UInt16]](repeating: [], count: vocabulary.count)
        var inverseLengths: [Float] = []
        for (task, text) in texts.enumerated() {
            for buckets in [text.characters, text.words] {
                var squares: UInt32 = 0
                for bucket in buckets {
                    let slot = Int(vocabulary.slots[Int(bucket)])
                    if slot == 0 { continue }
                    lists[slot - 1].append(UInt16(task))
                    squares += UInt32(vocabulary.weights[slot - 1]) * UInt32(vocabulary.weights[slot - 1])
                }
                inverseLengths.append(squares == 0 ? 0 : 1 / Float(squares).squareRoot())
            }
        }
        var starts: [UInt32] = [0]
        var tasks: [UInt16] = []
        for list in lists {
            tasks += list
            starts.append(UInt32(tasks.count))
        }
        self.init(
            vocabulary: vocabulary, starts: starts, tasks: tasks, inverseLengths: inverseLengths,
            base: [Float](repeating: 0, count: width), weights: LaneTable(rows: texts.count, width: width))
    }

    /// Kernel ridge regression: the shared part of the outputs, and each output's deviation with a stronger ridge.
    private static func solve(
        _ kernel: [[Float]], _ rows: [Int], _ targets: [[Double?]]
    ) -> (base: [Double], weights: [[Double]]) {
        let width = targets.first?.count ?? 0
        let base = (0..<width).map { output in
            let known = rows.compactMap { targets[$0][output] }
            return (known.reduce(0, +) + 0.5) / Double(known.count + 1)
        }
        let off = rows.map { row in (0..<width).map { output in targets[row][output].map { $0 - base[output] } } }
        let common = off.map { row in
            let known = row.compactMap { $0 }
            return known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
        }
        func solved(_ ridge: Double, _ right: [[Double]]) -> [[Double]] {
            var matrix = [Double](repeating: 0, count: rows.count * rows.count)
            for (i, row) in rows.enumerated() {
                for j in 0...i { matrix[i * rows.count + j] = Double(kernel[row][rows[j]]) }
                matrix[i * rows.count + i] += ridge
            }
            return Cholesky.solve(&matrix, columns: right, size: rows.count)
        }
        let shared = solved(ridge, common.map { [$0] })
        let own = solved(
            ridge * ownRidge, zip(off, common).map { row, common in row.map { $0.map { $0 - common } ?? 0 } })
        return (base, zip(shared, own).map { shared, own in own.map { $0 + shared[0] } })
    }
}

extension QuestionMemory {
    /// A stem with more questions than this in one panel is a common phrase.
    private static let mostQuestions = 3

    /// Stores the training rows of all panels of answers.
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
