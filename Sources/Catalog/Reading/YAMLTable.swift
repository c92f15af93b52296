import Domain
import JSON
import Yams

/// A mapping of known fields in a file.
struct YAMLTable {
    /// The path inside the model; empty for the model itself and for the top of the file.
    let path: String
    /// The line for missing fields.
    let line: Int
    private var fields: [String: (line: Int, node: Node)] = [:]
    private var rules: [String: FieldRule] = [:]

    /// Reads a mapping and reports every unknown name.
    ///
    /// - Parameter line: the line of the whole block; that of its first field by default.
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

    /// This block, completed by the named fields of `parent`.
    func inheriting(_ names: [String], from parent: YAMLTable) -> YAMLTable {
        var table = self
        for name in names where table.fields[name] == nil { table.fields[name] = parent.fields[name] }
        return table
    }

    /// The line of a field; that of the block if the field is absent.
    func line(of name: String) -> Int { fields[name]?.line ?? line }

    /// Whether the field is present and not null.
    func has(_ name: String) -> Bool { node(name) != nil }

    /// The field's value; nil if it is absent or null (`name:` without a value is null too).
    func node(_ name: String) -> Node? {
        guard let node = fields[name]?.node else { return nil }
        if let scalar = node.scalar, scalar.style == .plain, ["", "~", "null"].contains(scalar.string.lowercased()) {
            return nil
        }
        return node
    }

    /// A scalar field; nil if absent. A list or block in its place is a problem.
    func scalar(_ name: String, log: inout ProblemLog) -> YAMLScalar? {
        guard let node = node(name) else { return nil }
        guard let scalar = node.scalar else {
            log.error(line(of: name), "`\(Self.join(path, name))` is not a single value", "write \(example(name))")
            return nil
        }
        return YAMLScalar(path: Self.join(path, name), text: scalar.string, line: line(of: name))
    }

    /// A required scalar field.
    func required(_ name: String, log: inout ProblemLog) -> YAMLScalar? {
        guard has(name) else {
            reportMissing(name, log: &log)
            return nil
        }
        return scalar(name, log: &log)
    }

    /// The scalars of a list; empty if absent.
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

    /// A nested block; nil if absent.
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

/// A known field of a block in a catalog file.
struct FieldRule {
    let name: String
    /// An example with its unit, for the message about a missing field.
    let example: String

    init(_ name: String, _ example: String) {
        self.name = name
        self.example = example
    }
}
