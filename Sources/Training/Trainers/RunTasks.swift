import Domain
import Estimation

/// Recorded runs by task, as input of training.
struct RunTasks: Sendable {
    /// The tasks, in order of first appearance.
    var order: [String] = []
    var runs: [String: [TraceRow]] = [:]
    let models: [String]
    /// The fold of every task.
    let folding: [Int]
    let texts: [StepText]
    let grams: [NGrams]
    /// By task: surface counts of its text.
    let counts: [[Float]]
    /// By task, then model; nil where the model did not run it.
    let successes: [[Double?]]

    init(_ all: [TraceRow], models: [String] = [], folds: Int = 1, seed: UInt64 = 1) {
        for run in all {
            if runs[run.taskID] == nil { order.append(run.taskID) }
            runs[run.taskID, default: []].append(run)
        }
        self.models = models
        var random = SeededGenerator(seed: seed &+ 78)
        folding = order.indices.map { $0 % folds }.shuffled(using: &random)
        let byTask = runs
        texts = order.map { StepText(prompt: byTask[$0]?.first?.prompt ?? "") }
        grams = texts.map { NGrams(of: $0.estimatedTexts) }
        counts = texts.map { SurfaceCounts.vector(of: $0) }
        successes = order.map { task in
            models.map { name in byTask[task]?.first { $0.model == name }?.success }
        }
    }

    /// The runs of a task, by model.
    func runs(ofTask task: Int) -> [TraceRow?] {
        models.map { name in runs[order[task]]?.first { $0.model == name } }
    }

    /// Whether every model's run ended at least as well as the reference's; nil where either run is missing.
    func endings(_ successes: [Double?], reference: Int) -> [Double?] {
        successes.map { success in
            guard let success, let best = successes[reference] else { return nil }
            return success >= best ? 1 : 0
        }
    }

    /// All outputs.
    var outputs: [String] { runs.values.flatMap { $0.flatMap { $0.steps.map(\.output) } } }

    /// Every prefix of every run, with the success of the run.
    /// - Parameter begin: by task, P(success) of every model, from estimators fitted without the task.
    func progressData(_ name: String, _ begin: [[Float]], _ panel: PanelProfile) -> PanelData {
        var texts: [NGrams] = []
        var counts: [[Float]] = []
        var groups: [Int] = []
        var scores: [Double] = []
        for (group, task) in order.enumerated() {
            for run in runs[task] ?? [] {
                guard let model = models.firstIndex(of: run.model) else { continue }
                let steps = run.steps.map { RunStep($0) }
                for taken in stride(from: 1, through: steps.count, by: 1) {
                    let seen = Array(steps[..<taken])
                    texts.append(NGrams(of: RunCounts.texts(of: seen)))
                    counts.append(
                        RunProfile.progressCounts(
                            seen, isOver: taken == steps.count, model: model, start: begin[group],
                            baseRates: panel.baseRates))
                    groups.append(group)
                    scores.append(run.success)
                }
            }
        }
        var data = PanelData(name: name, models: ["run"], texts: texts, counts: counts, groups: groups)
        for (row, score) in scores.enumerated() { data.targets.set(row, 0, score) }
        return data
    }

    /// Every task, with whether each model's run ended at least as well as the reference's.
    func similarityData(_ name: String, _ begin: [[Float]], _ reference: Int) -> PanelData {
        var data = PanelData(
            name: name, models: models, texts: grams,
            counts: order.indices.map { counts[$0] + begin[$0].map { Float(logit(Double($0))) } })
        for row in order.indices {
            for (model, ending) in endings(successes[row], reference: reference).enumerated() {
                if let ending { data.targets.set(row, model, ending) }
            }
        }
        return data
    }

    /// By model, then steps taken: the mean remaining cost of a run.
    var remainingUSD: [Float] {
        let all = runs.values.flatMap { $0 }
        return models.flatMap { name -> [Float] in
            var last: Float = 0
            return (0..<RunProfile.horizon).map { taken in
                let longer = all.filter { $0.model == name && $0.steps.count > taken }
                if !longer.isEmpty {
                    let sum = longer.map { $0.steps[taken...].reduce(0) { $0 + $1.costUSD } }.sorted().reduce(0, +)
                    last = Float(sum / Double(longer.count))
                }
                return last
            }
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Every state of recorded runs, with the directions of all outputs.
struct RunStates: Sendable {
    private(set) var rows: [OutputPredictorTrainer.Row] = []
    /// By row: features of the history.
    private(set) var histories: [[Float]] = []
    /// By task, then model: the row of the run's first state; nil without a run. Its other states follow.
    private(set) var first: [[Int?]] = []
    /// By task, then model, then step.
    private(set) var directions: [[[[Float]]]] = []

    /// - Parameter profile: provides the embedder.
    init(_ tasks: RunTasks, _ profile: RunProfile) {
        for task in tasks.order.indices {
            let grams = tasks.grams[task]
            var starts: [Int?] = []
            var said: [[[Float]]] = []
            for (model, run) in tasks.runs(ofTask: task).enumerated() {
                let steps = (run?.steps ?? []).map { RunStep($0) }
                let outputs = steps.map { profile.embedder.direction($0.output) }
                starts.append(steps.isEmpty ? nil : rows.count)
                said.append(outputs)
                for taken in steps.indices {
                    let history = RunText.history(of: steps[..<taken])
                    let look = RunText.counts(of: history)
                    // The last of the text's counts is the length of its history.
                    var counts = tasks.counts[task]
                    counts[counts.count - 1] = log1p(Float(history.utf8.count))
                    let features = StepFeatures(
                        grams: grams, counts: counts, fit: [], recollection: StoredQuestion(),
                        shares: PanelShares(evenly: []), readable: [])
                    rows.append(
                        OutputPredictorTrainer.Row(
                            model: model, fold: tasks.folding[task],
                            state: profile.state(features, history: history, counts: look),
                            outputs: (0..<OutputPredictor.horizons).map {
                                taken + $0 < outputs.count ? outputs[taken + $0] : StepEmbedder.nowhere
                            }))
                    histories.append(look)
                }
            }
            first.append(starts)
            directions.append(said)
        }
    }
}
