package import Estimation

/// One run of an agent by one model, from start to end: a line of a traces file.
package struct TraceRow: Sendable {
    package var taskID: String
    package var suite: String
    package var dataset: String
    package var split: Split
    package var prompt: String
    package var model: String
    /// 0...1.
    package var success: Double
    package var costUSD: Double
    package var steps: [TraceStep]

    /// Reads the runs of a file of JSON Lines: plain, gzip, or `-` for standard input.
    /// - Throws: `EstimationError.unreadable`, `.badRow`.
    package static func read(_ path: String) throws(EstimationError) -> [TraceRow] {
        try JSONLines.read(path) { (row: Coded, _) in
            TraceRow(
                taskID: row.task_id, suite: row.suite, dataset: row.dataset ?? row.suite, split: row.split ?? .train,
                prompt: row.prompt, model: row.model, success: row.success, costUSD: row.cost_usd, steps: row.steps)
        }
    }

    // Names as in the file, so that no table of keys is needed. swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Coded: Decodable {
        var task_id: String
        var suite: String
        var dataset: String?
        var split: Split?
        var prompt: String
        var model: String
        var success: Double
        var cost_usd: Double
        var steps: [TraceStep]
    }
}

/// One step of a recorded run.
package struct TraceStep: Decodable, Sendable {
    package var kind: String?
    package var output: String
    package var observation: String?
    /// The environment's own reward after this step. Estimators must not read it.
    package var reward: Double?
    package var inputTokens: Double
    package var outputTokens: Double
    package var costUSD: Double

    private enum CodingKeys: String, CodingKey {
        case kind, output, observation, reward
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case costUSD = "cost_usd"
    }
}

extension RunStep {
    init(_ step: TraceStep) {
        self.init(
            output: step.output, observation: step.observation ?? "", kind: step.kind, costUSD: step.costUSD)
    }
}
