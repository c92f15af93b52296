/// A JSON Schema, read once, that values are held against: the arguments of a tool call, an answer that has to be JSON.
///
/// Understood are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, the
/// limits of numbers, lengths and counts, `uniqueItems`, `anyOf`, `oneOf`, `allOf`, `not`, `nullable` (OpenAPI) and `$ref`
/// within the schema (JSON Schema 2020-12). Every other keyword is passed over, `pattern` and `format` among them: an
/// expression that the caller wrote could take any time to match. So a value without a problem may still be wrong, but a
/// problem that is told is one.
package struct JSONSchema: Sendable {
    /// Every part of the schema once, so that parts can refer to each other.
    let nodes: [Node]

    /// Reads a schema, an object or `true` or `false`.
    /// - Throws: `FieldError` with the path of the keyword that makes no sense.
    package init(_ value: JSONValue) throws(FieldError) {
        var reading = JSONSchemaReading(root: value)
        _ = try reading.node(value, path: "")
        nodes = reading.nodes
    }

    /// What is wrong with a value, with its place, in words that a model can act on; nil where it fits the schema.
    package func problem(in value: JSONValue) -> String? {
        var checking = JSONSchemaChecking(nodes: nodes)
        return checking.problem(of: value, node: 0, path: "", depth: 0)
    }

    /// One schema within the schema; its parts are named by their place in `nodes`.
    struct Node: Sendable {
        /// Whether nothing fits (`false`).
        var isNever = false
        /// The kinds allowed; nil for any.
        var kinds: Set<JSONKind>?
        /// Whether numbers have to be whole: `integer` is among the types and `number` is not.
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

    /// What becomes of members that `properties` does not name.
    enum Additional: Sendable {
        case allowed
        case forbidden
        case schema(Int)
    }
}
