import JSON
import Testing

@Suite("JSON Schema")
struct JSONSchemaTests {
    private func value(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

    private func problem(_ schema: String, _ text: String) throws -> String? {
        try JSONSchema(value(schema)).problem(in: value(text))
    }

    private static let trip = #"""
        {"type": "object", "properties": {
           "city": {"type": "string", "minLength": 2}, "days": {"type": "integer", "minimum": 1, "maximum": 14},
           "class": {"enum": ["first", "second"]}, "stops": {"type": "array", "items": {"type": "object",
             "properties": {"at": {"type": "string"}}, "required": ["at"]}, "maxItems": 2},
           "budget": {"type": ["number", "null"], "exclusiveMinimum": 0}},
         "required": ["city", "days"], "additionalProperties": false}
        """#

    @Test(
        "a problem is reported with its path",
        arguments: [
            (#"{"city": "Ulm", "days": 3, "class": "first", "stops": [{"at": "x"}], "budget": null}"#, nil),
            (#"{"city": "Ulm"}"#, "days is missing"),
            (#"{"city": "Ulm", "days": "3"}"#, #"days must be a whole number, but is "3""#),
            (#"{"city": "Ulm", "days": 2.5}"#, "days must be a whole number, but is 2.5"),
            (#"{"city": "Ulm", "days": 2.0}"#, nil),
            (#"{"city": "Ulm", "days": 0}"#, "days must be at least 1, but is 0"),
            (#"{"city": "U", "days": 1}"#, "city must have at least 2 characters, but has 1"),
            (
                #"{"city": "Ulm", "days": 1, "class": "third"}"#,
                #"class must be one of "first", "second", but is "third""#
            ),
            (#"{"city": "Ulm", "days": 1, "stops": [{"at": "x"}, {}]}"#, "stops[1].at is missing"),
            (#"{"city": "Ulm", "days": 1, "stops": [{"at": 4}]}"#, "stops[0].at must be a string, but is 4"),
            (
                #"{"city": "Ulm", "days": 1, "stops": [{"at":"a"},{"at":"b"},{"at":"c"}]}"#,
                "stops must have at most 2 elements, but has 3"
            ),
            (#"{"city": "Ulm", "days": 1, "clas": "first"}"#, #"clas is not known; did you mean "class"?"#),
            (#"{"city": "Ulm", "days": 1, "budget": 0}"#, "budget must be above 0, but is 0"),
            (#"["Ulm", 1]"#, "it must be an object, but is an array"),
        ] as [(String, String?)])
    func trips(text: String, expected: String?) throws {
        #expect(try problem(Self.trip, text) == expected)
    }

    @Test(
        "keywords work as in the standard",
        arguments: [
            ("true", "1", true), ("false", "1", false), ("{}", "[1]", true), (#"{"type": "any"}"#, "1", true),
            (#"{"const": {"a": 1, "b": [1.0]}}"#, #"{"b": [1], "a": 1e0}"#, true),
            (#"{"const": {"a": 1}}"#, #"{"a": 1, "b": 1}"#, false),
            (#"{"enum": [9007199254740993]}"#, "9007199254740992", false),
            (#"{"type": "number", "multipleOf": 0.1}"#, "0.3", true),
            (#"{"type": "number", "multipleOf": 0.1}"#, "0.35", false),
            (#"{"type": "dict", "properties": {"x": {"type": "float"}}}"#, #"{"x": 1.5}"#, true),
            (#"{"type": "string", "nullable": true}"#, "null", true),
            (#"{"minimum": 3, "exclusiveMinimum": true}"#, "3", false),
            (#"{"minimum": 3, "exclusiveMinimum": false}"#, "3", true),
            (#"{"items": {"type": "integer"}}"#, "[1, 2, 3.5]", false),
            (#"{"items": [{"type": "integer"}, {"type": "string"}]}"#, #"[1, "a", null]"#, true),
            (#"{"prefixItems": [{"type": "integer"}], "items": false}"#, "[1, 2]", false),
            (#"{"uniqueItems": true}"#, "[1, 2, 1.0]", false), (#"{"uniqueItems": true}"#, #"[1, "1"]"#, true),
            (#"{"anyOf": [{"type": "string"}, {"minimum": 5}]}"#, "4", false),
            (#"{"anyOf": [{"type": "string"}, {"minimum": 5}]}"#, "6", true),
            (#"{"oneOf": [{"type": "integer"}, {"minimum": 5}]}"#, "6", false),
            (#"{"oneOf": [{"type": "integer"}, {"minimum": 5}]}"#, "6.5", true),
            (#"{"allOf": [{"minimum": 1}, {"maximum": 2}]}"#, "3", false),
            (#"{"not": {"type": "string"}}"#, #""x""#, false),
            (#"{"additionalProperties": {"type": "boolean"}}"#, #"{"a": true, "b": 1}"#, false),
            (#"{"patternProperties": {"^x": {}}, "additionalProperties": false}"#, #"{"xa": 1}"#, true),
            (#"{"minProperties": 1}"#, "{}", false), (#"{"maxLength": 1}"#, #""é""#, true),
            (##"{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "null"}}}"##, "null", true),
            (##"{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "null"}}}"##, "1", false),
        ])
    func keywords(schema: String, text: String, fits: Bool) throws {
        #expect((try problem(schema, text) == nil) == fits)
    }

    @Test("a recursive schema validates trees of any depth")
    func recursion() throws {
        let tree = ##"{"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": false}"##
        #expect(try problem(tree, #"{"next": {"next": {"next": {}}}}"#) == nil)
        #expect(try problem(tree, #"{"next": {"next": {"last": {}}}}"#) == "next.next.last is not known")
    }

    @Test("endless or exponential schemas end with a message and in time")
    func entangled() throws {
        #expect(try problem(##"{"$ref": "#"}"##, "1")?.contains("too entangled") == true)
        var definitions = #""d0": {"type": "string"}"#
        for level in 1...40 {
            let below = ##"{"$ref": "#/$defs/d\##(level - 1)"}"##
            definitions += #", "d\#(level)": {"anyOf": [\#(below), \#(below)]}"#
        }
        let schema = ##"{"$ref": "#/$defs/d40", "$defs": {\##(definitions)}}"##
        #expect(try problem(schema, "1") != nil)
    }

    @Test(
        "an invalid schema names the keyword",
        arguments: [
            ("3", ""), (#"{"type": "text"}"#, "type"), (#"{"properties": []}"#, "properties"),
            (#"{"properties": {"a": {"type": 1}}}"#, "properties.a.type"), (#"{"minLength": -1}"#, "minLength"),
            (#"{"minItems": 3, "maxItems": 2}"#, "minItems"), (#"{"multipleOf": 0}"#, "multipleOf"),
            (##"{"items": {"$ref": "#/nowhere"}}"##, "items.$ref"), (#"{"$ref": "http://x"}"#, "$ref"),
            (#"{"anyOf": {}}"#, "anyOf"), (#"{"enum": 1}"#, "enum"),
        ])
    func senseless(schema: String, field: String) throws {
        let value = try value(schema)
        #expect { try JSONSchema(value) } throws: { ($0 as? FieldError)?.field == field }
    }
}
