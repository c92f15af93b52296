import Foundation
import JSON
import Testing

@Suite("JSON values")
struct JSONValueTests {
    private func root(_ text: String) throws -> JSONValue {
        try JSONDocument(Array(text.utf8)).root
    }

    @Test("a chat request is navigated without decoding it")
    func chatRequest() throws {
        let root = try root(
            #"""
            {"model": "hera", "stream": true, "n": 1, "stop": null, "temperature": 0.25,
             "messages": [{"role": "user", "content": "a \"b\"\n\u00e9😀"}, {"role": "assistant", "content": []}]}
            """#)
        #expect(root.kind == .object)
        #expect(root.count == 6)
        #expect(root["model"]?.string == "hera")
        #expect(root["model"]?.isString("hera") == true)
        #expect(root["stream"]?.boolean == true)
        #expect(root["n"]?.integer == 1)
        #expect(root["stop"]?.isNull == true)
        #expect(root["temperature"]?.numberText == "0.25")
        #expect(root["missing"] == nil)
        let messages = try #require(root["messages"])
        #expect(messages.count == 2)
        #expect(messages.elements.map { $0["role"]?.string } == ["user", "assistant"])
        #expect(messages.elements.first { _ in true }?["content"]?.string == "a \"b\"\né😀")
        #expect(root.members.map(\.key) == ["model", "stream", "n", "stop", "temperature", "messages"])
    }

    @Test("accessors of another kind than the value's return nil or nothing")
    func otherKinds() throws {
        for text in ["{}", "[]", "\"1\"", "1", "true", "null"] {
            let value = try root(text)
            #expect((value.string != nil) == (value.kind == .string))
            #expect((value.integer != nil) == (value.kind == .number))
            #expect((value.double != nil) == (value.kind == .number))
            #expect((value.numberText != nil) == (value.kind == .number))
            #expect((value.boolean != nil) == (value.kind == .boolean))
            #expect(value.isNull == (value.kind == .null))
            #expect(value.isString("1") == (value.kind == .string))
            #expect(value["a"] == nil)
            #expect(value.count == 0)
            #expect(value.members.map(\.key).isEmpty)
            #expect(value.elements.map(\.kind).isEmpty)
        }
    }

    @Test("the last of duplicate keys wins, in the root and below it")
    func duplicateKeys() throws {
        let root = try root(#"{"a": 1, "b": {"x": 1, "\u0078": 2, "y": 3}, "\u0061": 2}"#)
        #expect(root["a"]?.integer == 2)
        #expect(root["b"]?["x"]?.integer == 2)
        #expect(root.count == 3)
    }

    @Test("escaped keys are compared decoded, and a backslash in the key asked for is literal")
    func escapedKeys() throws {
        let root = try root(#"{"m\u006fdel": 1, "a\\n": 2, "\ud83d\ude00": 3, "": 4, "\n": 5, "o": {"\/": 6}}"#)
        #expect(root["model"]?.integer == 1)
        #expect(root["a\\n"]?.integer == 2)
        #expect(root["a\n"] == nil)
        #expect(root["😀"]?.integer == 3)
        #expect(root[""]?.integer == 4)
        #expect(root["\n"]?.integer == 5)
        #expect(root["\\n"] == nil)
        #expect(root["o"]?["/"]?.integer == 6)
    }

    @Test("canonically equivalent keys are distinct")
    func canonicalKeys() throws {
        let root = try root("{\"\u{e9}\": 1, \"e\u{301}\": 2}")
        #expect(root["\u{e9}"]?.integer == 1)
        #expect(root["e\u{301}"]?.integer == 2)
    }

    @Test("an object with more members than the index holds is still searched", arguments: [63, 64, 65, 500])
    func manyMembers(count: Int) throws {
        let text = "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let root = try root(text)
        #expect(root.count == count)
        for index in 0..<count { #expect(root["k\(index)"]?.integer == Int64(index)) }
        #expect(root["k\(count)"] == nil)
    }

    @Test("integers are read exactly in every notation")
    func integers() throws {
        var generator = FuzzGenerator(seed: 7)
        var whole = 0
        for _ in 0..<4_000 {
            let digits = (0..<generator.below(22)).map { _ in generator.chance(60) ? "0" : "\(generator.below(10))" }
            let fraction = (0..<generator.below(6)).map { _ in generator.chance(60) ? "0" : "\(generator.below(10))" }
            var text = (generator.chance(50) ? "-" : "") + (digits.isEmpty ? "0" : "\(1 + generator.below(9))")
            text += digits.dropFirst().joined()
            if !fraction.isEmpty { text += "." + fraction.joined() }
            if generator.chance(50) { text += "e\(generator.pick(["", "+", "-"]))\(generator.below(24))" }
            // Decimal is exact here: 38 digits and exponents up to 127.
            let decimal = try #require(Decimal(string: text))
            let bounds = (Decimal(Int64.min), Decimal(Int64.max))
            var rounded = Decimal()
            var copy = decimal
            NSDecimalRound(&rounded, &copy, 0, .plain)
            let isWhole = rounded == decimal && decimal >= bounds.0 && decimal <= bounds.1
            let value = try root(text).integer
            #expect(value.map { Decimal($0) } == (isWhole ? decimal : nil), "\(text)")
            whole += isWhole ? 1 : 0
        }
        #expect(whole > 500)
    }

    @Test(
        "numbers at the limits are read or refused",
        arguments: [
            ("9223372036854775807", .max, 9223372036854775807), ("9223372036854775808", nil, 9223372036854775808),
            ("-9223372036854775808", .min, -9223372036854775808), ("-9223372036854775809", nil, -9223372036854775808),
            ("18446744073709551616", nil, 18446744073709551616), ("1e18", 1_000_000_000_000_000_000, 1e18),
            ("1e19", nil, 1e19), ("1e99999999999999999999", nil, nil), ("0e99999999999999999999", 0, 0),
            ("1e-99999999999999999999", nil, 0), ("100000000000000000000000e-23", 1, 1), ("1.5", nil, 1.5),
            ("-0.0", 0, 0),
            ("1e308", nil, 1e308), ("1e309", nil, nil),
        ] as [(String, Int64?, Double?)])
    func numberEdges(text: String, integer: Int64?, double: Double?) throws {
        let value = try root(text)
        #expect(value.integer == integer)
        #expect(value.double == double)
        #expect(value.numberText == text)
    }

    @Test("ranges refer to the bytes of the document")
    func ranges() throws {
        let root = try root(#" {"a" : [ 10 , "x\"y" ] } "#)
        let array = try #require(root["a"])
        #expect(String(decoding: array.raw, as: UTF8.self) == #"[ 10 , "x\"y" ]"#)
        #expect(array.elements.map { String(decoding: $0.raw, as: UTF8.self) } == ["10", #""x\"y""#])
        #expect(root.range == 1..<25)
    }

    @Test("an indexed object has the same members, the last of a name, and the same bytes")
    func indexed() throws {
        let object = try #require(try root(#"{"x":{"a":1,"b":{"c":2},"a":3,"\u0064":4}}"#)["x"])
        let indexed = object.indexed
        #expect(indexed["a"]?.integer == 3)
        #expect(indexed["b"]?.indexed["c"]?.integer == 2)
        #expect(indexed["d"]?.integer == 4)
        #expect(indexed["none"] == nil)
        #expect(indexed.range == object.range && indexed.raw == object.raw)
        #expect(try root("[1]").indexed.elements.map(\.integer) == [1])
    }

    @Test(
        "a word is found wherever it stands in a value, and only inside of it",
        arguments: [
            (#"{"x":["kept_word"],"y":1}"#, true), (#"{"x":[{"kept_word":1}],"y":1}"#, true),
            (#"{"x":["kept_wor"],"y":"kept_word"}"#, false), (#"{"x":["_kept_kept_word"],"y":1}"#, true),
            (#"{"x":[],"y":1}"#, false),
        ])
    func mentions(text: String, isThere: Bool) throws {
        #expect(try root(text)["x"]?.mentions("kept_word") == isThere)
    }

    @Test("members are passed with places whose values are those of the member's name, the last of duplicates last")
    func placesOfMembers() throws {
        let text = #"{"role": "user", "\u0063ontent": [1, {"role": 2}], "rol": 3, "role": null}"#
        let root = try JSONDocument(Array(text.utf8)).root
        var roles: [[UInt8]] = []
        var content: JSONValue?
        var others = 0
        root.forEachMember { key, place in
            if key.isNamed("role") {
                roles.append(Array(root.at(place).raw))
            } else if key.isNamed("content") {
                content = root.at(place)
            } else {
                others += 1
            }
        }
        #expect(roles == [Array("\"user\"".utf8), Array("null".utf8)])
        #expect(content?.kind == .array && content?.count == 2)
        #expect(others == 1)
        root["role"]?.forEachMember { _, _ in Issue.record("null has no members") }
    }
}
