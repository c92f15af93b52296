/// A JSON Schema, parsed once, that validates values: the arguments of a tool call, or an answer that has to be JSON.
///
/// Supported keywords (JSON Schema 2020-12):
/// - any value: `type`, `enum`, `const`, `nullable` (OpenAPI)
/// - objects: `properties`, `required`, `additionalProperties`, `minProperties`, `maxProperties`
/// - arrays: `items`, `prefixItems`, `uniqueItems`, `minItems`, `maxItems`
/// - numbers: `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`
/// - strings: `minLength`, `maxLength`
/// - combinations: `anyOf`, `oneOf`, `allOf`, `not`, `$ref` within the schema
///
/// `patternProperties` only switches `additionalProperties` off. Every other keyword is ignored, `pattern` and `format`
/// among them: a caller's regular expression could take unbounded time. So a value without a problem may still be
/// invalid, but a reported problem is always real.
package struct JSONSchema: Sendable {
    /// All subschemas in one list, so that they can refer to each other by index.
    let nodes: [Node]

    /// Parses a schema: an object, `true` or `false`.
    /// - Throws: `FieldError` with the path of the invalid keyword.
    package init(_ value: JSONValue) throws(FieldError) {
        var parser = JSONSchemaParser(root: value)
        _ = try parser.node(value, path: "")
        nodes = parser.nodes
    }

    /// The first problem of a value, with its path, phrased so that a model can correct it. Nil if the value is valid.
    package func problem(in value: JSONValue) -> String? {
        var validator = JSONSchemaValidator(nodes: nodes)
        return validator.problem(of: value, node: 0, path: "", depth: 0)
    }

    /// One subschema. It refers to others by their index in `nodes`.
    struct Node: Sendable {
        /// Whether no value is valid (`false`).
        var isNever = false
        /// The kinds allowed; nil for any.
        var kinds: Set<JSONKind>?
        /// Whether numbers have to be integers: `integer` is among the types and `number` is not.
        var isWhole = false
        /// The values allowed, of `enum` or `const`.
        var values: [JSONValue]?
        var properties: [String: Int] = [:]
        var required: [String] = []
        var additional = Additional.allowed
        var items: Int?
        var prefixItems: [Int] = []
        var isUnique = false
        var minimum: Double?
        var maximum: Double?
        var exclusiveMinimum: Double?
        var exclusiveMaximum: Double?
        var multipleOf: Double?
        var lengths: ClosedRange<Int>?
        var counts: ClosedRange<Int>?
        var members: ClosedRange<Int>?
        var all: [Int] = []
        var any: [Int]?
        var one: [Int]?
        var not: Int?
    }

    /// How members that `properties` does not name are treated.
    enum Additional: Sendable {
        case allowed
        case forbidden
        case schema(Int)
    }
}
