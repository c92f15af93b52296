package import Domain
import Foundation
import JSON
import Yams

/// A file of published scores: benchmarks, scores by model, and lengths of answers by model.
///
/// In a catalog directory it is `scores.yaml` and names models of the catalog by id or alias.
package struct ScoreFile: Sendable {
    /// The name of the file in a catalog directory.
    package static let name = "scores.yaml"

    /// The content of the file.
    package let book: ScoreBook
    /// By name, the line of its first mention.
    let lines: [String: Int]

    static let rules = [
        FieldRule("benchmarks", "`benchmarks:` with one block a benchmark"),
        FieldRule("models", "`models:` with a list of scores under each model's name"),
        FieldRule("lengths", "`lengths:` with one block a model"),
        FieldRule("efforts", "`efforts:` with the setting of each model's recorded answers"),
        FieldRule("panels", "`panels:` with `kind` and `ceiling` of each suite of recorded answers"),
    ]

    /// Reads a file outside of a catalog, of any models.
    /// - Throws: all errors of the file at once.
    package static func read(path: String) throws(CatalogError) -> ScoreFile {
        let url = URL(fileURLWithPath: path)
        guard let data = try? Data(contentsOf: url) else {
            throw CatalogError(
                directory: path,
                problems: [
                    CatalogProblem(
                        file: path, line: 0, severity: .error, message: "this file cannot be read",
                        suggestion: "see that it exists and that its permissions allow reading")
                ])
        }
        var log = ProblemLog(file: path)
        let file = ScoreFile(CatalogFile(name: path, bytes: Array(data)), log: &log)
        let errors = log.problems.filter { $0.severity == .error }
        guard let file, errors.isEmpty else { throw CatalogError(directory: path, problems: log.problems.sorted()) }
        return file
    }

    /// Reads the file; nil where it is no mapping. Problems go to the log.
    init?(_ file: CatalogFile, log: inout ProblemLog) {
        guard let root = file.root(log: &log), let table = YAMLTable(root, rules: Self.rules, log: &log) else {
            return nil
        }
        let benchmarks = Self.benchmarks(table, log: &log)
        var lines: [String: Int] = [:]
        var scores: [String: [PublishedScore]] = [:]
        for (name, line, node) in Self.entries(of: "models", in: table, log: &log) {
            lines[name] = line
            guard let list = node.sequence else {
                log.error(line, "`models.\(name)` is not a list of scores", "begin each score with `- {benchmark: ...`")
                continue
            }
            scores[name] = list.compactMap { PublishedScore(reading: $0, of: name, benchmarks: benchmarks, log: &log) }
            Self.refuseRepeats(scores[name] ?? [], of: name, line: line, log: &log)
        }
        var lengths: [String: AnswerLengths] = [:]
        var efforts: [String: MeasuredEffort] = [:]
        for (name, line, node) in Self.entries(of: "lengths", in: table, log: &log) {
            lines[name] = lines[name] ?? line
            guard let block = YAMLTable(node, path: "lengths.\(name)", rules: AnswerLengths.rules, log: &log) else {
                continue
            }
            lengths[name] = AnswerLengths(reading: block, log: &log)
            efforts[name] = block.scalar("effort", log: &log)?.choice(log: &log)
        }
        for (name, line, node) in Self.entries(of: "efforts", in: table, log: &log) {
            lines[name] = lines[name] ?? line
            let effort = YAMLScalar(path: "efforts.\(name)", text: node.scalar?.string ?? "", line: line)
            efforts[name] = effort.choice(log: &log)
        }
        var panels: [String: ScoreBook.PanelKind] = [:]
        for (name, _, node) in Self.entries(of: "panels", in: table, log: &log) {
            panels[name] = ScoreBook.PanelKind(reading: node, path: "panels.\(name)", log: &log)
        }
        self.lines = lines
        let records = lines.keys.map { name in
            let own = scores[name] ?? []
            return (
                name,
                PublishedRecord(
                    scores: own, lengths: lengths[name], effort: efforts[name],
                    effortMultiples: EffortCurve.multiples(own, benchmarks: benchmarks))
            )
        }
        book = ScoreBook(
            benchmarks: benchmarks, records: Dictionary(uniqueKeysWithValues: records), panels: panels)
    }

    /// The scores of both files; the other one's win.
    func merging(_ other: ScoreFile) -> ScoreFile {
        ScoreFile(book: book.merging(other.book), lines: lines.merging(other.lines) { _, new in new })
    }

    private init(book: ScoreBook, lines: [String: Int]) {
        self.book = book
        self.lines = lines
    }

    /// The named blocks of a field, in the file's order.
    private static func entries(
        of field: String, in table: YAMLTable, log: inout ProblemLog
    ) -> [(name: String, line: Int, node: Node)] {
        guard let node = table.node(field) else { return [] }
        guard let mapping = node.mapping else {
            log.error(table.line(of: field), "`\(field)` is not a block of names", "write one name a line, indented")
            return []
        }
        return mapping.map { key, value in
            (key.scalar?.string ?? "", key.mark?.line ?? table.line(of: field), value)
        }
    }

    private static func benchmarks(_ table: YAMLTable, log: inout ProblemLog) -> [String: Benchmark] {
        var found: [String: Benchmark] = [:]
        for (name, _, node) in entries(of: "benchmarks", in: table, log: &log) {
            found[name] = Benchmark(reading: node, name: name, log: &log)
        }
        return found
    }

    /// Two scores of one model on one benchmark at one effort contradict each other.
    private static func refuseRepeats(
        _ scores: [PublishedScore], of name: String, line: Int, log: inout ProblemLog
    ) {
        var seen: [String: PublishedScore] = [:]
        for score in scores {
            let key = "\(score.benchmark) \(score.effort?.rawValue ?? "")"
            if let earlier = seen[key], earlier.score != score.score {
                log.error(
                    line,
                    "`\(name)` has two scores of \(score.benchmark) at one effort (\(earlier.score) and \(score.score))",
                    "keep the one whose source is better, or name their efforts")
            }
            seen[key] = score
        }
    }
}

extension ScoreFile {
    /// Attaches the records to a catalog's models and warns of names that are in no catalog, and of models without
    /// scores. A folder without one provider's file stays valid.
    func attached(to entries: [CatalogEntry], log: inout ProblemLog) -> [CatalogEntry] {
        let names = entries.flatMap { $0.names.map(\.text) }
        for (name, line) in lines.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where !names.contains(name) {
            let hint = Spelling.closest(to: name, among: names).map { "did you mean `\($0)`?" }
            log.warning(
                line, "no model of the catalog is named '\(name)'",
                hint ?? "its scores are not used; name a model by its id or an alias, or remove them")
        }
        return entries.map { entry in
            guard var model = entry.model else { return entry }
            model.published = entry.names.lazy.compactMap { book.records[$0.text] }.first
            if model.published?.scores.isEmpty ?? true, !model.capabilities.contains(.embeddings) {
                log.warning(
                    0, "the model '\(model.id)' has no published score",
                    "add one, or that of the nearest model with `nearest` and `deviation`; else its tier stands in")
            }
            return CatalogEntry(file: entry.file, names: entry.names, model: model)
        }
    }
}
