/// A published result of a model on a benchmark: a fact with its source and day.
package struct PublishedScore: Hashable, Sendable {
    /// The benchmark's name, for example `eci`.
    package let benchmark: String
    /// In the benchmark's unit.
    package let score: Double
    /// The setting that was measured; nil for models without such settings.
    package let effort: MeasuredEffort?
    /// Who published it.
    package let source: String
    /// The day of the figure.
    package let asOf: CalendarDay
    /// The licence of the source.
    package let licence: String
    /// The model or version that was measured in place of this one; nil where it was this one.
    package let nearest: String?
    /// How far off the score may be, as one standard deviation in the benchmark's unit; only beside `nearest`.
    package let deviation: Double?

    package init(
        benchmark: String, score: Double, effort: MeasuredEffort? = nil, source: String, asOf: CalendarDay,
        licence: String, nearest: String? = nil, deviation: Double? = nil
    ) {
        self.benchmark = benchmark
        self.score = score
        self.effort = effort
        self.source = source
        self.asOf = asOf
        self.licence = licence
        self.nearest = nearest
        self.deviation = deviation
    }
}

/// The reasoning effort at which a score was measured.
package enum MeasuredEffort: String, CaseIterable, Hashable, Sendable {
    case none, minimal, low, medium, high, xhigh, max
    /// The source takes the strongest setting and does not name it.
    case highest
    /// The source set nothing.
    case standard = "default"
}

/// A benchmark of published scores.
package struct Benchmark: Hashable, Sendable {
    /// The name of the Epoch Capabilities Index, whose points are the scale of general ability.
    package static let abilityIndex = "eci"

    /// Unique within a file.
    package let name: String
    /// What it measures, in words.
    package let about: String
    /// The unit of its scores.
    package let unit: Unit
    /// The range of its scores, in its unit.
    package let range: ClosedRange<Double>
    /// What kind of ability it measures.
    package let kind: Kind
    /// Points of the Epoch Capabilities Index as a line of the score, where its source gives one.
    package let conversion: Conversion?

    /// The unit of scores. Shares are 0 to 1.
    package enum Unit: String, CaseIterable, Hashable, Sendable {
        case points, share, elo
    }

    /// What kind of ability it measures.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case general, knowledge, reasoning, tools, agent, code, chat, classification
    }

    /// points = offset + slope x score, with a standard deviation in points.
    package struct Conversion: Hashable, Sendable {
        /// Points at a score of 0.
        package let offset: Double
        /// Points for one unit of the score.
        package let slope: Double
        /// In points.
        package let deviation: Double

        package init(offset: Double, slope: Double, deviation: Double) {
            self.offset = offset
            self.slope = slope
            self.deviation = deviation
        }
    }

    package init(
        name: String, about: String, unit: Unit, range: ClosedRange<Double>, kind: Kind, conversion: Conversion? = nil
    ) {
        self.name = name
        self.about = about
        self.unit = unit
        self.range = range
        self.kind = kind
        self.conversion = conversion
    }
}

/// Expected lengths of a model's answers, reasoning included, from published token counts.
package struct AnswerLengths: Hashable, Sendable {
    /// Multiple of the tokens that a model without reasoning writes.
    package let factor: Double
    /// Tokens of one answer to a chat message, to a problem, and of one step of an agent.
    package let chat: Double
    /// Tokens of an answer to a problem.
    package let reasoning: Double
    /// Tokens of one step of an agent.
    package let agentStep: Double
    /// Where the figures come from.
    package let basis: String

    package init(factor: Double, chat: Double, reasoning: Double, agentStep: Double, basis: String) {
        self.factor = factor
        self.chat = chat
        self.reasoning = reasoning
        self.agentStep = agentStep
        self.basis = basis
    }
}

/// Everything published of a model that predicts its answers before its first call.
package struct PublishedRecord: Hashable, Sendable {
    /// In the file's order.
    package let scores: [PublishedScore]
    /// Nil where no token counts are known.
    package let lengths: AnswerLengths?
    /// The reasoning effort at which the model is called; nil where unknown or without such settings.
    package let effort: MeasuredEffort?
    /// By kind of task, the model's multiple of `EffortCurve`, from its own scores at two settings.
    package let effortMultiples: [Benchmark.Kind: Double]
    /// A hash of all of it that is the same within one process, for caches.
    package let fingerprint: Int

    package init(
        scores: [PublishedScore], lengths: AnswerLengths? = nil, effort: MeasuredEffort? = nil,
        effortMultiples: [Benchmark.Kind: Double] = [:]
    ) {
        self.effortMultiples = effortMultiples
        self.scores = scores
        self.lengths = lengths
        self.effort = effort
        var hasher = Hasher()
        hasher.combine(scores)
        hasher.combine(lengths)
        hasher.combine(effort)
        fingerprint = hasher.finalize()
    }

    /// The source of the only score where that is an estimate; nil where anything was published.
    package var estimate: String? {
        guard scores.count == 1, let score = scores.first, score.licence == "estimate" else { return nil }
        return score.source
    }

    /// Whether every score is another model's or version's.
    package var isOfNearest: Bool { !scores.isEmpty && scores.allSatisfy { $0.nearest != nil } }
}

/// Published scores of many models, with the benchmarks that they are of.
package struct ScoreBook: Sendable {
    /// By name.
    package var benchmarks: [String: Benchmark]
    /// By the names of the source.
    package var records: [String: PublishedRecord]
    /// By suite of recorded answers: its kind, and the share of good answers that no model exceeds.
    package var panels: [String: PanelKind]

    /// What a suite of recorded answers measures.
    package struct PanelKind: Hashable, Sendable {
        /// The kind of benchmarks that count for it.
        package let kind: Benchmark.Kind
        /// 0...1.
        package let ceiling: Double

        package init(kind: Benchmark.Kind, ceiling: Double) {
            self.kind = kind
            self.ceiling = ceiling
        }
    }

    package init(
        benchmarks: [String: Benchmark] = [:], records: [String: PublishedRecord] = [:],
        panels: [String: PanelKind] = [:]
    ) {
        self.benchmarks = benchmarks
        self.records = records
        self.panels = panels
    }

    /// The record of a name; else that of the name without its provider: of `haiku` for `anthropic/haiku`.
    package func record(named name: String) -> PublishedRecord? {
        records[name] ?? name.lastIndex(of: "/").flatMap { records[String(name[name.index(after: $0)...])] }
    }

    /// Both books. Where both know a name, the other one's entry stays.
    package func merging(_ other: ScoreBook) -> ScoreBook {
        ScoreBook(
            benchmarks: benchmarks.merging(other.benchmarks) { $1 }, records: records.merging(other.records) { $1 },
            panels: panels.merging(other.panels) { $1 })
    }
}
