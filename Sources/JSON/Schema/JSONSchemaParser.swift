/// Parses a schema into nodes. A subschema that is referenced twice is parsed once.
struct JSONSchemaParser {
    let root: JSONValue
    private(set) var nodes: [JSONSchema.Node] = []
    /// The node index of each resolved reference.
    private var resolved: [String: Int] = [:]

    init(root: JSONValue) {
        self.root = root
    }

    /// Parses one schema and returns its index. The index is reserved before the subschemas are parsed, so the root is
    /// 0.
    mutating func node(_ value: JSONValue, path: String) throws(FieldError) -> Int {
        let index = nodes.count
        nodes.append(JSONSchema.Node())
        if path.isEmpty { resolved["#"] = index }
        if let allowed = value.boolean {
            nodes[index].isNever = !allowed
            return index
        }
        guard value.kind == .object else {
            throw FieldError(path, "a schema must be an object, like {\"type\": \"string\"}, or true or false")
        }
        // One pass over the text. A lookup per keyword would read it two dozen times.
        var keywords: [String: JSONValue] = [:]
        for (name, part) in value.members { keywords[name] = part }
        nodes[index] = try read(keywords, path)
        return index
    }

    private mutating func read(_ value: [String: JSONValue], _ path: String) throws(FieldError) -> JSONSchema.Node {
        var node = JSONSchema.Node()
        try readType(value, path, &node)
        if let list = value["enum"] {
            guard list.kind == .array else { throw FieldError(within(path, "enum"), "must be a list of values") }
            node.values = Array(list.elements)
        }
        if let constant = value["const"] { node.values = [constant] }
        try readObject(value, path, &node)
        try readArray(value, path, &node)
        try readLimits(value, path, &node)
        if let reference = value["$ref"] { node.all.append(try resolve(reference, within(path, "$ref"))) }
        node.all += try parts(value, "allOf", path) ?? []
        node.any = try parts(value, "anyOf", path)
        node.one = try parts(value, "oneOf", path)
        if let not = value["not"] { node.not = try self.node(not, path: within(path, "not")) }
        return node
    }

    private mutating func readType(_ value: [String: JSONValue], _ path: String, _ node: inout JSONSchema.Node)
        throws(FieldError)
    {
        guard let type = value["type"], !type.isNull else { return }
        var kinds: Set<JSONKind> = []
        var isWhole = false
        for name in type.kind == .array ? Array(type.elements) : [type] {
            // The standard's names, and those that schemas generated from Python functions use.
            switch name.string {
            case "object", "dict": kinds.insert(.object)
            case "array", "list", "tuple": kinds.insert(.array)
            case "string": kinds.insert(.string)
            case "number", "float": kinds.insert(.number)
            case "integer": isWhole = true
            case "boolean": kinds.insert(.boolean)
            case "null": kinds.insert(.null)
            case "any": return
            default:
                throw FieldError(
                    within(path, "type"),
                    "must be object, array, string, number, integer, boolean or null, or a list of these")
            }
        }
        node.isWhole = isWhole && !kinds.contains(.number)
        if isWhole { kinds.insert(.number) }
        if value["nullable"]?.boolean == true { kinds.insert(.null) }
        node.kinds = kinds
    }

    private mutating func readObject(
        _ value: [String: JSONValue], _ path: String, _ node: inout JSONSchema.Node
    ) throws(FieldError) {
        if let properties = value["properties"] {
            guard properties.kind == .object else {
                throw FieldError(within(path, "properties"), "must be an object of schemas by name")
            }
            for (name, schema) in properties.members {
                node.properties[name] = try self.node(schema, path: within(path, "properties.\(name)"))
            }
        }
        // Some tool lists mark the property itself, {"type": "string", "required": true}; that is ignored.
        if let required = value["required"], required.kind == .array {
            node.required = required.elements.compactMap(\.string)
        }
        if let additional = value["additionalProperties"], value["patternProperties"] == nil {
            if let allowed = additional.boolean {
                node.additional = allowed ? .allowed : .forbidden
            } else {
                node.additional = .schema(try self.node(additional, path: within(path, "additionalProperties")))
            }
        }
        node.members = try range(value, "minProperties", "maxProperties", path)
    }

    private mutating func readArray(
        _ value: [String: JSONValue], _ path: String, _ node: inout JSONSchema.Node
    ) throws(FieldError) {
        if let items = value["items"] {
            if items.kind == .array {
                // The form before 2020-12.
                node.prefixItems = try list(items, within(path, "items"))
            } else {
                node.items = try self.node(items, path: within(path, "items"))
            }
        }
        if let first = value["prefixItems"] { node.prefixItems = try list(first, within(path, "prefixItems")) }
        node.isUnique = value["uniqueItems"]?.boolean ?? false
        node.counts = try range(value, "minItems", "maxItems", path)
    }

    private func readLimits(_ value: [String: JSONValue], _ path: String, _ node: inout JSONSchema.Node)
        throws(FieldError)
    {
        node.minimum = try number(value, "minimum", path)
        node.maximum = try number(value, "maximum", path)
        // Before draft 6 these were booleans that modified minimum and maximum.
        if value["exclusiveMinimum"]?.boolean == true {
            swap(&node.exclusiveMinimum, &node.minimum)
        } else if value["exclusiveMinimum"]?.boolean == nil {
            node.exclusiveMinimum = try number(value, "exclusiveMinimum", path)
        }
        if value["exclusiveMaximum"]?.boolean == true {
            swap(&node.exclusiveMaximum, &node.maximum)
        } else if value["exclusiveMaximum"]?.boolean == nil {
            node.exclusiveMaximum = try number(value, "exclusiveMaximum", path)
        }
        node.multipleOf = try number(value, "multipleOf", path)
        if let step = node.multipleOf, step <= 0 { throw FieldError(within(path, "multipleOf"), "must be above 0") }
        node.lengths = try range(value, "minLength", "maxLength", path)
    }

    private func number(_ value: [String: JSONValue], _ name: String, _ path: String) throws(FieldError) -> Double? {
        guard let found = value[name], !found.isNull else { return nil }
        guard let number = found.double else { throw FieldError(within(path, name), "must be a number") }
        return number
    }

    private func range(
        _ value: [String: JSONValue], _ least: String, _ most: String, _ path: String
    ) throws(FieldError) -> ClosedRange<Int>? {
        var bounds = (0, Int.max)
        for (name, isLeast) in [(least, true), (most, false)] {
            guard let found = value[name], !found.isNull else { continue }
            guard let bound = found.integer, bound >= 0 else {
                throw FieldError(within(path, name), "must be a whole number of at least 0")
            }
            if isLeast { bounds.0 = Int(bound) } else { bounds.1 = Int(bound) }
        }
        if bounds == (0, Int.max) { return nil }
        guard bounds.0 <= bounds.1 else { throw FieldError(within(path, least), "is greater than \(most)") }
        return bounds.0...bounds.1
    }

    private mutating func parts(_ value: [String: JSONValue], _ name: String, _ path: String) throws(FieldError)
        -> [Int]?
    {
        guard let found = value[name] else { return nil }
        return try list(found, within(path, name))
    }

    private mutating func list(_ value: JSONValue, _ path: String) throws(FieldError) -> [Int] {
        guard value.kind == .array else { throw FieldError(path, "must be a list of schemas") }
        var found: [Int] = []
        for (index, schema) in value.elements.enumerated() {
            found.append(try node(schema, path: "\(path)[\(index)]"))
        }
        return found
    }

    /// Resolves a reference within the schema: `#`, `#/$defs/name`, `#/definitions/name` or any other pointer (RFC
    /// 6901).
    private mutating func resolve(_ value: JSONValue, _ path: String) throws(FieldError) -> Int {
        guard let reference = value.string, reference == "#" || reference.hasPrefix("#/") else {
            throw FieldError(path, "must refer to a part of the same schema, like \"#/$defs/address\"")
        }
        if let known = resolved[reference] { return known }
        var target = root
        for part in reference.split(separator: "/").dropFirst() {
            let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            var next = target[name]
            if target.kind == .array, let index = Int(name), index >= 0 {
                next = target.elements.dropFirst(index).first { _ in true }
            }
            guard let next else { throw FieldError(path, "there is no \(reference) in the schema") }
            target = next
        }
        // A recursive reference finds the index that is about to be reserved.
        resolved[reference] = nodes.count
        return try node(target, path: reference)
    }

    private func within(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
