import JSON

/// Changes of a request's tools and schemas.
enum ToolMend {
    /// Keywords that say nothing of which values are valid.
    static let annotations = [
        "$schema", "$id", "$comment", "title", "deprecated", "readOnly", "writeOnly", "additionalProperties",
        "unevaluatedProperties",
    ]
    /// Keywords whose meaning a description can tell.
    static let constraints = [
        "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "default", "examples",
        "const", "propertyNames", "patternProperties",
    ]

    static func omitting(_ name: String, from body: JSONDocument) -> [UInt8]? {
        func without(_ value: JSONValue) -> [UInt8]? { value[name] == nil ? nil : value.setting([], removing: [name]) }
        let tools = body.root["tools"]?.mapping { tool in
            let function = tool["function"].flatMap(without)
            if function == nil, tool[name] == nil { return nil }
            return tool.setting(function.map { [("function", $0)] } ?? [], removing: [name])
        }
        return tools.map { body.settingMembers([("tools", $0)]) }
    }

    static func omittingKeyword(_ keyword: String, from body: JSONDocument) -> [UInt8]? {
        var members: [(key: String, value: [UInt8])] = []
        for list in ["tools", "functions"] {
            let changed = body.root[list]?.mapping { tool in
                if let schema = inside(tool, ["parameters", "input_schema"], keyword) { return schema }
                guard let function = tool["function"], let other = inside(function, ["parameters"], keyword) else {
                    return nil
                }
                return tool.setting([("function", other)])
            }
            if let changed { members.append((list, changed)) }
        }
        if let format = body.root["response_format"], let form = format["json_schema"],
            let schema = inside(form, ["schema"], keyword)
        {
            members.append(("response_format", format.setting([("json_schema", schema)])))
        }
        for name in ["output_format", "output_config"] {
            guard let output = body.root[name] else { continue }
            if let schema = inside(output, ["schema"], keyword) {
                members.append((name, schema))
            } else if let format = output["format"], let schema = inside(format, ["schema"], keyword) {
                members.append((name, output.setting([("format", schema)])))
            }
        }
        return members.isEmpty ? nil : body.settingMembers(members)
    }

    /// An object whose schema, the first of `names` that it has, is without the keyword.
    private static func inside(_ object: JSONValue, _ names: [String], _ keyword: String) -> [UInt8]? {
        for name in names {
            if let schema = object[name], let other = without(keyword, schema) {
                return object.setting([(name, other)])
            }
        }
        return nil
    }

    private static let maps = ["properties", "$defs", "definitions", "dependentSchemas", "patternProperties"]
    private static let lists = ["anyOf", "oneOf", "allOf", "prefixItems"]
    private static let schemas = ["items", "additionalProperties", "not", "if", "then", "else", "contains"]

    /// A schema without the keyword at any depth; nil where none has it. Names of properties are no keywords.
    private static func without(_ keyword: String, _ schema: JSONValue) -> [UInt8]? {
        guard schema.kind == .object else { return nil }
        var members: [(key: String, value: [UInt8])] = []
        for member in schema.members where member.key != keyword {
            if schemas.contains(member.key), member.value.kind == .object {
                if let other = without(keyword, member.value) { members.append((member.key, other)) }
            } else if lists.contains(member.key) {
                if let other = member.value.mapping({ without(keyword, $0) }) { members.append((member.key, other)) }
            } else if maps.contains(member.key), member.value.kind == .object {
                let changed = member.value.members.compactMap { property in
                    without(keyword, property.value).map { (key: property.key, value: $0) }
                }
                if !changed.isEmpty { members.append((member.key, member.value.setting(changed))) }
            }
        }
        guard let value = schema[keyword] else { return members.isEmpty ? nil : schema.setting(members) }
        if keyword == "const", schema["enum"] == nil {
            members.append(("enum", [UInt8(ascii: "[")] + value.raw + [UInt8(ascii: "]")]))
        } else if constraints.contains(keyword) {
            let told = "(\(keyword): \(String(decoding: value.raw, as: UTF8.self)))"
            let text = schema["description"]?.string.map { "\($0) \(told)" } ?? told
            members.append(("description", JSONWriter.quoted(text)))
        }
        return schema.setting(members, removing: [keyword])
    }
}
