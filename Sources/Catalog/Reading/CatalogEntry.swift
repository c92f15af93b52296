import Domain
import Yams

/// A model of a file. Keeps the names of invalid models too, to find name clashes.
struct CatalogEntry {
    let file: String
    /// The id first, then the aliases.
    let names: [YAMLScalar]
    let model: Model?

    private static let fileRules =
        Endpoint.rules + [FieldRule("models", "`models:` with a list of models, each beginning with `- id: ...`")]

    /// The models of a file.
    static func entries(of file: CatalogFile, today: CalendarDay, log: inout ProblemLog) -> [CatalogEntry] {
        guard let root = file.root(log: &log), let table = YAMLTable(root, rules: fileRules, log: &log) else {
            return []
        }
        guard let node = table.node("models") else {
            table.reportMissing("models", log: &log)
            return []
        }
        guard let models = node.sequence, !models.isEmpty else {
            log.error(
                table.line(of: "models"), "`models` is not a list of models", "begin each model with `- id: ...`")
            return []
        }
        return models.compactMap { entry(of: $0, file: file.name, defaults: table, today: today, log: &log) }
    }

    /// Entries with others laid over them. An own id replaces the model of that id or alias; an own alias is taken from
    /// the model that had it.
    static func laid(_ own: [CatalogEntry], over shipped: [CatalogEntry]) -> [CatalogEntry] {
        let ids = Set(own.compactMap { $0.names.first?.text })
        let names = Set(own.flatMap { $0.names.map(\.text) })
        let kept = shipped.filter { entry in !entry.names.contains { ids.contains($0.text) } }
        let renamed = kept.compactMap { entry -> CatalogEntry? in
            guard let id = entry.names.first, !names.contains(id.text) else { return nil }
            var model = entry.model
            model?.aliases.removeAll { names.contains($0.rawValue) }
            let left = [id] + entry.names.dropFirst().filter { !names.contains($0.text) }
            return CatalogEntry(file: entry.file, names: left, model: model)
        }
        return renamed + own
    }

    private static func entry(
        of node: Node, file: String, defaults: YAMLTable, today: CalendarDay, log: inout ProblemLog
    ) -> CatalogEntry? {
        guard let own = YAMLTable(node, rules: Model.rules, log: &log) else { return nil }
        let inherited = EndpointAccess.inherited(among: Endpoint.rules.map(\.name), by: own)
        let table = own.inheriting(inherited, from: defaults)
        let id = table.required("id", log: &log)
        let aliases = table.list("aliases", log: &log)
        let names = ([id].compactMap(\.self) + aliases).filter { $0.isModelID(log: &log) }
        let model = Model(
            reading: table, id: id.map { ModelID($0.text) }, aliases: aliases.map { ModelID($0.text) }, today: today,
            log: &log)
        return CatalogEntry(file: file, names: names, model: model)
    }
}

extension YAMLScalar {
    /// Whether the text can name a model. `hera` and `hera/...` are reserved for the router.
    fileprivate func isModelID(log: inout ProblemLog) -> Bool {
        let isAllowed = { (byte: UInt8) in
            byte.isLetterOrDigit || "-_.:/@".utf8.contains(byte)
        }
        if text.isEmpty || !text.utf8.allSatisfy(isAllowed) {
            log.error(
                line, "`\(path)` is no model name ('\(text)')",
                "use letters, digits and - _ . : / @, like `openai/gpt-4.1-mini`")
            return false
        }
        if text == "hera" || text.hasPrefix("hera/") {
            log.error(line, "`\(path)` is reserved for the router's policies ('\(text)')", "use another name")
            return false
        }
        return true
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    var isLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
