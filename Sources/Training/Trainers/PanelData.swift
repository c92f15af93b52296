import Domain
import Estimation

/// Queries answered by several models, as input of training.
struct PanelData: Sendable {
    var name: String
    var models: [String]
    var texts: [NGrams]
    /// Numeric features of a text in addition to its n-grams.
    var counts: [[Float]]
    /// Features of the tools' fit, by text.
    var fits: [[Float]]
    /// The kind of each row (its source), where there are 2 to 16 kinds; else empty.
    ///
    /// Kinds are known in training only. Features that separate kinds also separate the models' abilities.
    var kinds: [Int] = []
    /// Rows of one group stay on one side of a fold: the steps of one task, for example.
    var groups: [Int]
    /// The hash of every row's question for the memory; nil without one.
    var stems: [UInt64?]
    /// Whether a row is the task of a whole run, not a query.
    var isOfRuns = false
    var targets: Targets
    /// By row and model; not a number where unknown.
    var outputTokens: LaneTable
    var costUSD: LaneTable
    var seconds: LaneTable

    init(name: String, models: [String], texts: [StepText]) {
        let readings = texts.map { SurfaceCounts.reading(of: $0) }
        self.init(
            name: name, models: models, texts: texts.map { NGrams(of: $0.estimatedTexts) },
            counts: readings.map(\.counts))
        fits = readings.map(\.fit)
        stems = texts.map { QuestionStem.hash($0.prompt) }
    }

    init(name: String, models: [String], texts: [NGrams], counts: [[Float]], groups: [Int]? = nil) {
        self.name = name
        self.models = models
        self.texts = texts
        self.counts = counts
        fits = [[Float]](repeating: [], count: texts.count)
        self.groups = groups ?? Array(texts.indices)
        stems = [UInt64?](repeating: nil, count: texts.count)
        targets = Targets(rows: texts.count, width: models.count)
        outputTokens = LaneTable(rows: texts.count, width: models.count)
        for index in outputTokens.lanes.indices { outputTokens.lanes[index] = Lane(repeating: .nan) }
        costUSD = outputTokens
        seconds = outputTokens
    }

    /// The rows of one suite, with the models in the order of their names.
    init(name: String, rows: [OutcomeRow]) {
        let models = Set(rows.flatMap { $0.outcomes.keys }).sorted()
        self.init(name: name, models: models, texts: rows.map(\.text))
        let datasets = Set(rows.map(\.dataset)).sorted()
        if (2...Self.mostKinds).contains(datasets.count) {
            kinds = rows.map { row in datasets.firstIndex(of: row.dataset) ?? 0 }
        }
        for (index, row) in rows.enumerated() {
            for (column, model) in models.enumerated() {
                guard let outcome = row.outcomes[model] else { continue }
                targets.set(index, column, outcome.score)
                if let tokens = outcome.outputTokens { outputTokens[index, column] = Float(tokens) }
                if let cost = outcome.costUSD { costUSD[index, column] = Float(cost) }
                if let time = outcome.seconds { seconds[index, column] = Float(time) }
            }
        }
    }

    /// The tasks of one suite of runs. The outcome of a task is the success of the model's whole run.
    init(name: String, runs: [TraceRow]) {
        var order: [String] = []
        var byTask: [String: [TraceRow]] = [:]
        for run in runs {
            if byTask[run.taskID] == nil { order.append(run.taskID) }
            byTask[run.taskID, default: []].append(run)
        }
        let models = Set(runs.map(\.model)).sorted()
        self.init(
            name: name, models: models,
            texts: order.map { StepText(prompt: byTask[$0]?.first?.prompt ?? "") })
        isOfRuns = true
        for (index, task) in order.enumerated() {
            for run in byTask[task] ?? [] {
                guard let column = models.firstIndex(of: run.model) else { continue }
                targets.set(index, column, run.success)
                costUSD[index, column] = Float(run.costUSD)
                outputTokens[index, column] = Float(run.steps.reduce(0) { $0 + $1.outputTokens })
            }
        }
    }

    static let mostKinds = 16

    var count: Int { texts.count }
}
