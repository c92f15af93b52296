package import Estimation

/// One recorded dialogue: a line of an episodes file.
package struct EpisodeRow: Sendable {
    /// The name of the dialogue.
    package var id: String
    /// The recordings that it belongs to.
    package var suite: String
    /// Whether it is fitted, chosen on, or only measured.
    package var split: Split
    /// Names of the sources, at most `EpisodeProfile.mostSources`.
    package var sources: [String]
    /// By turn, how much each source has to do with the turn's request; at least 0.
    package var association: [[Double]]
    /// The turns, in order.
    package var steps: [EpisodeStep]

    package init(
        id: String, suite: String, split: Split = .train, sources: [String], association: [[Double]],
        steps: [EpisodeStep]
    ) {
        self.id = id
        self.suite = suite
        self.split = split
        self.sources = sources
        self.association = association
        self.steps = steps
    }

    /// Reads the episodes of a file of JSON Lines: plain, gzip, or `-` for standard input.
    /// - Throws: `EstimationError.unreadable`, `.badRow`.
    package static func read(_ path: String) throws(EstimationError) -> [EpisodeRow] {
        let rows = try JSONLines.read(path) { (row: Coded, _) in
            EpisodeRow(
                id: row.id, suite: row.suite, split: row.split ?? .train, sources: row.sources,
                association: row.association, steps: row.steps)
        }
        for (index, row) in rows.enumerated() {
            if let fault = row.fault { throw .badRow(path: path, line: index + 1, reason: fault) }
        }
        return rows
    }

    /// What is wrong with the row's values; nil for nothing.
    var fault: String? {
        if sources.count > EpisodeProfile.mostSources { return "more than \(EpisodeProfile.mostSources) `sources`" }
        if Set(sources).count < sources.count { return "`sources` names one twice" }
        if steps.isEmpty || steps.count > EpisodeProfile.mostTurns {
            return "`steps` must hold 1 to \(EpisodeProfile.mostTurns) turns"
        }
        let isWhole = association.count == steps.count && association.allSatisfy { $0.count == sources.count }
        if !isWhole { return "`association` must hold a number per source for each of `steps`" }
        let isPositive = association.joined().allSatisfy { $0.isFinite && $0 >= 0 }
        if !isPositive { return "`association` holds a number below 0" }
        for (turn, step) in steps.enumerated() {
            if let fault = step.fault(sources: sources.count) { return "`steps[\(turn)]`: \(fault)" }
        }
        return nil
    }

    private struct Coded: Decodable {
        var id: String
        var suite: String
        var split: Split?
        var sources: [String]
        var association: [[Double]]
        var steps: [EpisodeStep]
    }
}

/// One turn of a recorded dialogue: the logged action and what came of it.
package struct EpisodeStep: Decodable, Sendable {
    /// Where a turn was answered.
    package enum Placement: String, Decodable, Sendable {
        case edge, cloud
    }

    /// The kind of task.
    package var task: String
    /// Where the turn was answered.
    package var placement: Placement
    /// Indices of the sources sent.
    package var sources: [Int]
    /// The score of the answer, at least 0.
    package var score: Double
    /// Seconds of the answer.
    package var seconds: Double
    /// USD of the answer.
    package var costUSD: Double
    /// The text of the answer.
    package var output: String

    package init(
        task: String, placement: Placement, sources: [Int] = [], score: Double, seconds: Double = 1,
        costUSD: Double = 0, output: String = ""
    ) {
        self.task = task
        self.placement = placement
        self.sources = sources
        self.score = score
        self.seconds = seconds
        self.costUSD = costUSD
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case task, placement, sources, score, output
        case seconds = "latency_s"
        case costUSD = "cost_usd"
    }

    func fault(sources count: Int) -> String? {
        if Set(sources).count < sources.count { return "it sends a source twice" }
        if !sources.allSatisfy({ (0..<count).contains($0) }) { return "it sends a source that is not there" }
        if placement == .edge, !sources.isEmpty { return "a turn on the edge sends no sources" }
        let amounts = [score, seconds, costUSD]
        return amounts.allSatisfy { $0.isFinite && $0 >= 0 } ? nil : "score, seconds and cost must be at least 0"
    }

    /// Words by which the published simulation recognises an answer that refuses.
    private static let refusals = ["sorry", "I don't have", "can't"]

    /// The score; 0 for an answer that refuses.
    var acceptedScore: Double { Self.refusals.contains { output.contains($0) } ? 0 : score }
}
