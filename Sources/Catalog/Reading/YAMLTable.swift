import Domain
import JSON
import Yams

/// A block of named fields in a file; every name in it is known.
struct YAMLTable {
    /// The path inside the model, empty for the model itself and for the top of the file.
    let path: String
    /// The line that a missing field is reported at.
    let line: Int
    private var fields: [String: (line: Int, node: Node)] = [:]
    private var rules: [String: FieldRule] = [:]

    /// Reads a mapping and reports every name that is not among the rules.
    ///
    /// - Parameter line: the line to report for the whole block; by default that of its first field.
    init?(_ node: Node, path: String = "", line: Int? = nil, rules: [FieldRule], log: inout ProblemLog) {
        let line = line ?? node.mark?.line ?? 0
        guard let mapping = node.mapping else {
            let name = path.isEmpty ? "this" : "`\(path)`"
            let examples = rules.prefix(3).map { "`\($0.name): ...`" }.joined(separator: ", ")
            log.error(line, "\(name) is not a block of fields", "write fields like \(examples), one a line, indented")
            return nil
        }
        self.path = path
        self.line = line
        let known = rules.map(\.name)
        for (key, value) in mapping {
            let keyLine = key.mark?.line ?? line
            guard let name = key.scalar?.string, known.contains(name) else {
                let name = key.scalar?.string ?? "?"
                let hint =
                    Spelling.closest(to: name.lowercased(), among: known).map { "did you mean `\($0)`?" }
                    ?? "known fields here are \(known.joined(separator: ", "))"
                log.error(keyLine, "unknown field `\(Self.join(path, name))`", hint)
                continue
            }
            fields[name] = (keyLine, value)
        }
        for rule in rules { self.rules[rule.name] = rule }
    }

    /// This block, with the fields of `parent` for those named that it does not have itself.
    func inheriting(_ names: [String], from parent: YAMLTable) -> YAMLTable {
        var table = self
        for name in names where table.fields[name] == nil { table.fields[name] = parent.fields[name] }
        return table
    }

    /// The line of a field, or of the block where it has none.
    func line(of name: String) -> Int { fields[name]?.line ?? line }

    /// Whether the field is there and not null.
    func has(_ name: String) -> Bool { node(name) != nil }

    /// The field's value; nil where it is absent or null (`name:` with nothing behind it is null too).
    func node(_ name: String) -> Node? {
        guard let node = fields[name]?.node else { return nil }
        if let scalar = node.scalar, scalar.style == .plain, ["", "~", "null"].contains(scalar.string.lowercased()) {
            return nil
        }
        return node
    }

    /// A single value, nil where it is absent; a list or block in its place is a problem.
    func scalar(_ name: String, log: inout ProblemLog) -> YAMLScalar? {
        guard let node = node(name) else { return nil }
        guard let scalar = node.scalar else {
            log.error(line(of: name), "`\(Self.join(path, name))` is not a single value", "write \(example(name))")
            return nil
        }
        return YAMLScalar(path: Self.join(path, name), text: scalar.string, line: line(of: name))
    }

    /// A single value that has to be there.
    func required(_ name: String, log: inout ProblemLog) -> YAMLScalar? {
        guard has(name) else {
            reportMissing(name, log: &log)
            return nil
        }
        return scalar(name, log: &log)
    }

    /// The single values of a list; absent is empty.
    func list(_ name: String, log: inout ProblemLog) -> [YAMLScalar] {
        guard let node = node(name) else { return [] }
        guard let sequence = node.sequence, sequence.allSatisfy({ $0.scalar != nil }) else {
            log.error(line(of: name), "`\(Self.join(path, name))` is not a list of names", "write \(example(name))")
            return []
        }
        return sequence.map { item in
            YAMLScalar(
                path: Self.join(path, name), text: item.scalar?.string ?? "",
                line: item.mark?.line ?? line(of: name))
        }
    }

    /// A block inside this one, nil where it is absent.
    func table(_ name: String, rules: [FieldRule], log: inout ProblemLog) -> YAMLTable? {
        guard let node = node(name) else { return nil }
        return YAMLTable(node, path: Self.join(path, name), line: line(of: name), rules: rules, log: &log)
    }

    func reportMissing(_ name: String, log: inout ProblemLog) {
        log.error(line(of: name), "`\(Self.join(path, name))` is missing", "write \(example(name))")
    }

    private func example(_ name: String) -> String { rules[name]?.example ?? "`\(name): ...`" }

    static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
