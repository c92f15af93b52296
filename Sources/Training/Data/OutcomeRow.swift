package import Domain
package import Estimation
import Foundation

/// One query with the outcome of every model: a line of an outcomes file.
package struct OutcomeRow: Sendable {
    package var id: String
    package var suite: String
    package var dataset: String
    package var split: Split
    package var text: StepText
    /// By model name. A model may be missing.
    package var outcomes: [String: Outcome]

    package init(
        id: String, suite: String, dataset: String, split: Split, text: StepText, outcomes: [String: Outcome]
    ) {
        self.id = id
        self.suite = suite
        self.dataset = dataset
        self.split = split
        self.text = text
        self.outcomes = outcomes
    }

    /// Reads the rows of a file of JSON Lines: plain, gzip, or `-` for standard input.
    /// - Throws: `EstimationError.unreadable`, `.badRow`.
    package static func read(_ path: String) throws(EstimationError) -> [OutcomeRow] {
        try JSONLines.read(path) { (row: Coded, line) in
            let tools = JSONSlice.value(of: "tools", in: line).map { String(decoding: $0, as: UTF8.self) }
            return OutcomeRow(
                id: row.id, suite: row.suite, dataset: row.dataset ?? row.suite, split: row.split ?? .train,
                text: StepText(
                    prompt: row.prompt, tools: tools == "null" ? nil : tools,
                    history: RunText.end(of: row.history ?? "", bytes: RunText.most)),
                outcomes: row.outcomes)
        }
    }

    private struct Coded: Decodable {
        var id: String
        var suite: String
        var dataset: String?
        var split: Split?
        var prompt: String
        var history: String?
        var outcomes: [String: Outcome]
    }
}

/// The outcome of one model on one query.
package struct Outcome: Decodable, Sendable {
    /// 0...1.
    package var score: Double
    package var inputTokens: Double?
    package var outputTokens: Double?
    package var costUSD: Double?
    package var seconds: Double?
    package var output: String?

    private enum CodingKeys: String, CodingKey {
        case score, output
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case costUSD = "cost_usd"
        case seconds = "latency_s"
    }

    package init(
        score: Double, inputTokens: Double? = nil, outputTokens: Double? = nil, costUSD: Double? = nil,
        seconds: Double? = nil, output: String? = nil
    ) {
        self.score = score
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.costUSD = costUSD
        self.seconds = seconds
        self.output = output
    }
}

/// The use of a row. Rows of any other split are only for measurement.
package struct Split: RawRepresentable, Hashable, Decodable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Estimators are fitted on these.
    package static let train = Split(rawValue: "train")
    /// Thresholds and settings are chosen on these.
    package static let validation = Split(rawValue: "validation")
}
