import Domain
import JSON
import Yams

extension PublishedScore {
    static let rules = [
        FieldRule("benchmark", "`benchmark: eci`, a name under `benchmarks`"),
        FieldRule("score", "`score: 150.2`, in the benchmark's unit"),
        FieldRule(
            "effort", "`effort: high`, one of \(MeasuredEffort.allCases.map(\.rawValue).joined(separator: ", "))"),
        FieldRule("source", "`source: ...`, who published it"),
        FieldRule("as_of", "`as_of: 2026-09-27`, the day of the figure"),
        FieldRule("licence", "`licence: CC-BY-4.0`, that of the source"),
        FieldRule("nearest", "`nearest: NAME`, the model that was measured in place of this one"),
        FieldRule("deviation", "`deviation: 3`, how far off it may be, in the benchmark's unit"),
    ]

    /// Parses a score; nil if anything is missing or invalid.
    init?(
        reading node: Node, of model: String, benchmarks: [String: Benchmark], log: inout ProblemLog
    ) {
        guard let table = YAMLTable(node, path: "models.\(model)", rules: Self.rules, log: &log) else { return nil }
        let name = table.required("benchmark", log: &log)
        let score = table.required("score", log: &log)
        let effort: MeasuredEffort? = table.scalar("effort", log: &log)?.choice(log: &log)
        let source = table.required("source", log: &log)
        let asOf = table.required("as_of", log: &log)?.day(log: &log)
        let licence = table.required("licence", log: &log)
        let nearest = table.scalar("nearest", log: &log)
        let deviation = table.scalar("deviation", log: &log)?.number(positive: true, log: &log)
        if table.has("deviation"), nearest == nil {
            log.error(
                table.line(of: "deviation"), "`\(table.path).deviation` stands without `nearest`",
                "name the model that was measured, or remove the deviation")
        }
        guard let name, let score, let source, let asOf, let licence else { return nil }
        guard let benchmark = benchmarks[name.text] else {
            let hint = Spelling.closest(to: name.text, among: benchmarks.keys.sorted()).map { "did you mean `\($0)`?" }
            log.error(
                name.line, "`\(name.path)` names no benchmark ('\(name.text)')",
                hint ?? "describe it under `benchmarks`, or use one of these")
            return nil
        }
        guard let value = score.score(on: benchmark, log: &log) else { return nil }
        self.init(
            benchmark: name.text, score: value, effort: effort, source: source.text, asOf: asOf, licence: licence.text,
            nearest: nearest?.text, deviation: deviation)
    }
}

extension YAMLScalar {
    /// A score within a benchmark's range.
    fileprivate func score(on benchmark: Benchmark, log: inout ProblemLog) -> Double? {
        guard let value = number(log: &log) else { return nil }
        guard benchmark.range.contains(value) else {
            let range = benchmark.range
            let isPercent = benchmark.unit == .share && range.contains(value / 100)
            log.error(
                line,
                "`\(path)` (\(text)) is outside of \(benchmark.name)'s range of \(range.lowerBound) to \(range.upperBound)",
                isPercent ? "write `\(name): \(value / 100)`, a share" : "compare it with its source")
            return nil
        }
        return value
    }
}

extension Benchmark {
    static let rules = [
        FieldRule("about", "`about: ...`, what it measures"),
        FieldRule("unit", "`unit: share`, one of \(Unit.allCases.map(\.rawValue).joined(separator: ", "))"),
        FieldRule("least", "`least: 0`, the lowest possible score"),
        FieldRule("most", "`most: 1`, the highest possible score"),
        FieldRule("kind", "`kind: general`, one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))"),
        FieldRule("eci", "`eci: {offset: 129.8, slope: 0.631, deviation: 3}`, points of the index as a line of it"),
    ]

    /// Parses a benchmark; nil if anything required is missing or invalid.
    init?(reading node: Node, name: String, log: inout ProblemLog) {
        guard let table = YAMLTable(node, path: "benchmarks.\(name)", rules: Self.rules, log: &log) else { return nil }
        let about = table.required("about", log: &log)
        let unit: Unit? = table.required("unit", log: &log)?.choice(log: &log)
        let least = table.required("least", log: &log)?.number(log: &log)
        let most = table.required("most", log: &log)?.number(log: &log)
        let kind: Kind? = table.required("kind", log: &log)?.choice(log: &log)
        let line = table.table("eci", rules: Conversion.rules, log: &log)
        let conversion = line.flatMap { Conversion(reading: $0, log: &log) }
        guard let about, let unit, let least, let most, let kind else { return nil }
        guard least < most else {
            log.error(table.line(of: "most"), "`\(table.path).most` is not above `least`", "write the larger one last")
            return nil
        }
        self.init(
            name: name, about: about.text, unit: unit, range: least...most, kind: kind, conversion: conversion)
    }
}

extension Benchmark.Conversion {
    static let rules = [
        FieldRule("offset", "`offset: 129.8`, points at a score of 0"),
        FieldRule("slope", "`slope: 0.631`, points for one unit"),
        FieldRule("deviation", "`deviation: 3`, in points"),
    ]

    init?(reading table: YAMLTable, log: inout ProblemLog) {
        let offset = table.required("offset", log: &log)?.number(log: &log)
        let slope = table.required("slope", log: &log)?.number(positive: true, log: &log)
        let deviation = table.required("deviation", log: &log)?.number(positive: true, log: &log)
        guard let offset, let slope, let deviation else { return nil }
        self.init(offset: offset, slope: slope, deviation: deviation)
    }
}

extension AnswerLengths {
    static let rules = [
        FieldRule("factor", "`factor: 4`, a multiple of the tokens of a model without reasoning"),
        FieldRule("effort", "`effort: medium`, the setting that the figures are of"),
        FieldRule("chat", "`chat: 750`, tokens of an answer to a chat message"),
        FieldRule("reasoning", "`reasoning: 1190`, tokens of an answer to a problem"),
        FieldRule("agent_step", "`agent_step: 590`, tokens of one step of an agent"),
        FieldRule("basis", "`basis: ...`, where the figures come from"),
    ]

    /// Parses the lengths of a model; nil if anything required is missing or invalid.
    init?(reading table: YAMLTable, log: inout ProblemLog) {
        func tokens(_ name: String, _ log: inout ProblemLog) -> Double? {
            table.required(name, log: &log)?.number(positive: true, log: &log)
        }
        let factor = tokens("factor", &log)
        let chat = tokens("chat", &log)
        let reasoning = tokens("reasoning", &log)
        let step = tokens("agent_step", &log)
        let basis = table.required("basis", log: &log)
        guard let factor, let chat, let reasoning, let step, let basis else { return nil }
        self.init(factor: factor, chat: chat, reasoning: reasoning, agentStep: step, basis: basis.text)
    }
}

extension ScoreBook.PanelKind {
    static let rules = [
        FieldRule("kind", "`kind: reasoning`, the kind of benchmarks that count for this suite"),
        FieldRule("ceiling", "`ceiling: 0.985`, the share of good answers that no model exceeds"),
    ]

    /// Parses what a suite measures; nil if anything is missing or invalid.
    init?(reading node: Node, path: String, log: inout ProblemLog) {
        guard let table = YAMLTable(node, path: path, rules: Self.rules, log: &log) else { return nil }
        let kind: Benchmark.Kind? = table.required("kind", log: &log)?.choice(log: &log)
        let ceiling = table.required("ceiling", log: &log)?.number(positive: true, log: &log)
        guard let kind, let ceiling else { return nil }
        guard ceiling <= 1 else {
            log.error(table.line(of: "ceiling"), "`\(path).ceiling` is above 1 (\(ceiling))", "write a share")
            return nil
        }
        self.init(kind: kind, ceiling: ceiling)
    }
}
