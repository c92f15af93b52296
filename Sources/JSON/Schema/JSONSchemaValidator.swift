/// Validates one value against the nodes of a schema.
struct JSONSchemaValidator {
    let nodes: [JSONSchema.Node]
    /// Remaining node visits. Nested alternatives can multiply exponentially.
    private var remainingVisits = 200_000

    /// The deepest combined nesting of references and values.
    private static let maximumDepth = 200

    init(nodes: [JSONSchema.Node]) {
        self.nodes = nodes
    }

    mutating func problem(of value: JSONValue, node index: Int, path: String, depth: Int) -> String? {
        remainingVisits -= 1
        guard remainingVisits > 0, depth < Self.maximumDepth else {
            return message(path, "cannot be checked: its schema is too entangled")
        }
        let node = nodes[index]
        if node.isNever { return message(path, "is not allowed") }
        if let kinds = node.kinds {
            guard kinds.contains(value.kind) else {
                return message(
                    path, "must be \(Self.name(of: kinds, isWhole: node.isWhole)), but is \(Self.excerpt(value))")
            }
            if node.isWhole, value.kind == .number, !Self.isWhole(value) {
                return message(path, "must be a whole number, but is \(Self.excerpt(value))")
            }
        }
        if let values = node.values, !values.contains(where: { $0.isSame(as: value) }) {
            let known = values.prefix(8).map { String(decoding: $0.raw, as: UTF8.self) }.joined(separator: ", ")
            return message(path, "must be \(values.count == 1 ? "" : "one of ")\(known), but is \(Self.excerpt(value))")
        }
        switch value.kind {
        case .object: if let found = members(of: value, node, path, depth) { return found }
        case .array: if let found = elements(of: value, node, path, depth) { return found }
        case .number: if let found = limits(of: value, node, path) { return found }
        case .string:
            if let lengths = node.lengths, let text = value.string, !lengths.contains(text.unicodeScalars.count) {
                return message(path, "must have \(Self.text(lengths)) characters, but has \(text.unicodeScalars.count)")
            }
        case .boolean, .null: break
        }
        return alternatives(of: value, node, path, depth)
    }

    private mutating func members(
        of value: JSONValue, _ node: JSONSchema.Node, _ path: String, _ depth: Int
    ) -> String? {
        for name in node.required where value[name] == nil {
            return message(path.isEmpty ? name : "\(path).\(name)", "is missing")
        }
        if let members = node.members, !members.contains(value.count) {
            return message(path, "must have \(Self.text(members)) members, but has \(value.count)")
        }
        if node.properties.isEmpty, case .allowed = node.additional { return nil }
        for (name, member) in value.members {
            let inner = path.isEmpty ? name : "\(path).\(name)"
            if let property = node.properties[name] {
                if let found = problem(of: member, node: property, path: inner, depth: depth + 1) { return found }
                continue
            }
            switch node.additional {
            case .allowed: continue
            case .forbidden:
                let known = Spelling.closest(to: name, among: node.properties.keys.sorted())
                return message(inner, "is not known" + (known.map { "; did you mean \"\($0)\"?" } ?? ""))
            case .schema(let schema):
                if let found = problem(of: member, node: schema, path: inner, depth: depth + 1) { return found }
            }
        }
        return nil
    }

    private mutating func elements(
        of value: JSONValue, _ node: JSONSchema.Node, _ path: String, _ depth: Int
    ) -> String? {
        if let counts = node.counts, !counts.contains(value.count) {
            return message(path, "must have \(Self.text(counts)) elements, but has \(value.count)")
        }
        if node.items != nil || !node.prefixItems.isEmpty {
            for (index, element) in value.elements.enumerated() {
                guard let schema = index < node.prefixItems.count ? node.prefixItems[index] : node.items else { break }
                if let found = problem(of: element, node: schema, path: "\(path)[\(index)]", depth: depth + 1) {
                    return found
                }
            }
        }
        if node.isUnique {
            let all = Array(value.elements)
            for (index, element) in all.enumerated() {
                remainingVisits -= index
                guard remainingVisits > 0 else {
                    return message(path, "cannot be checked: it is too long to have no element twice")
                }
                if all[..<index].contains(where: { $0.isSame(as: element) }) {
                    return message("\(path)[\(index)]", "is there twice")
                }
            }
        }
        return nil
    }

    private func limits(of value: JSONValue, _ node: JSONSchema.Node, _ path: String) -> String? {
        guard let number = value.double else { return nil }
        let shown = Self.excerpt(value)
        if let least = node.minimum, number < least {
            return message(path, "must be at least \(Self.text(least)), but is \(shown)")
        }
        if let most = node.maximum, number > most {
            return message(path, "must be at most \(Self.text(most)), but is \(shown)")
        }
        if let bound = node.exclusiveMinimum, number <= bound {
            return message(path, "must be above \(Self.text(bound)), but is \(shown)")
        }
        if let bound = node.exclusiveMaximum, number >= bound {
            return message(path, "must be below \(Self.text(bound)), but is \(shown)")
        }
        if let step = node.multipleOf {
            let quotient = number / step
            // In doubles 0.3 is not an exact multiple of 0.1.
            if abs(quotient - quotient.rounded()) > 1e-9 * max(1, abs(quotient)) {
                return message(path, "must be a multiple of \(Self.text(step)), but is \(shown)")
            }
        }
        return nil
    }

    private mutating func alternatives(
        of value: JSONValue, _ node: JSONSchema.Node, _ path: String, _ depth: Int
    ) -> String? {
        for index in node.all {
            if let found = problem(of: value, node: index, path: path, depth: depth + 1) { return found }
        }
        if let any = node.any {
            var first: String?
            var fits = false
            for index in any where !fits {
                let found = problem(of: value, node: index, path: path, depth: depth + 1)
                fits = found == nil
                first = first ?? found
            }
            if !fits {
                return any.count == 1 ? first : message(path, "fits none of the alternatives (\(first ?? "none"))")
            }
        }
        if let one = node.one {
            var fitting = 0
            var first: String?
            for index in one {
                let found = problem(of: value, node: index, path: path, depth: depth + 1)
                if found == nil { fitting += 1 }
                first = first ?? found
            }
            if fitting == 0 { return message(path, "fits none of the alternatives (\(first ?? "none"))") }
            if fitting > 1 { return message(path, "fits \(fitting) alternatives, but must fit one alone") }
        }
        if let not = node.not, problem(of: value, node: not, path: path, depth: depth + 1) == nil {
            return message(path, "is what the schema rules out")
        }
        return nil
    }

    private func message(_ path: String, _ problem: String) -> String {
        path.isEmpty ? "it \(problem)" : "\(path) \(problem)"
    }

    private static func text(_ bound: Double) -> String {
        Int64(exactly: bound).map(String.init) ?? "\(bound)"
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max { return "at least \(range.lowerBound)" }
        if range.lowerBound == 0 { return "at most \(range.upperBound)" }
        return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func name(of kinds: Set<JSONKind>, isWhole: Bool) -> String {
        let names: [(JSONKind, String)] = [
            (.object, "an object"), (.array, "an array"), (.string, "a string"),
            (.number, isWhole ? "a whole number" : "a number"), (.boolean, "true or false"), (.null, "null"),
        ]
        return names.filter { kinds.contains($0.0) }.map(\.1).joined(separator: " or ")
    }

    /// A value as a message shows it, truncated if it is long.
    private static func excerpt(_ value: JSONValue) -> String {
        switch value.kind {
        case .object: "an object"
        case .array: "an array"
        default:
            value.raw.count <= 40
                ? String(decoding: value.raw, as: UTF8.self)
                : String(decoding: value.raw.prefix(37), as: UTF8.self) + "..."
        }
    }

    private static func isWhole(_ value: JSONValue) -> Bool {
        if value.integer != nil { return true }
        guard let number = value.double else { return true }
        return number == number.rounded()
    }
}

extension JSONValue {
    /// Whether two values are equal: numbers by value, strings decoded, objects in any order of their members.
    package func isSame(as other: JSONValue) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .null: return true
        case .boolean: return boolean == other.boolean
        case .number:
            if raw == other.raw { return true }
            // Above 2^53 distinct integers can round to the same double.
            if let left = integer, let right = other.integer { return left == right }
            guard let left = double, let right = other.double else { return false }
            return left == right
        case .string: return raw == other.raw || string == other.string
        case .array:
            let left = Array(elements)
            let right = Array(other.elements)
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case .object:
            var left: [String: JSONValue] = [:]
            var right: [String: JSONValue] = [:]
            for (name, value) in members { left[name] = value }
            for (name, value) in other.members { right[name] = value }
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map { value.isSame(as: $0) } ?? false }
        }
    }
}
