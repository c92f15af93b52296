import JSON
import Testing

@Suite("JSON splicing")
struct JSONSplicingTests {
    private func document(_ text: String) throws -> JSONDocument {
        try JSONDocument(Array(text.utf8))
    }

    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    @Test("ranges are replaced in any order and all other bytes stay")
    func replacing() throws {
        let document = try document(#"{"a": 1, "b": "x"}"#)
        let first = try #require(document.root["a"]).range
        let second = try #require(document.root["b"]).range
        let end = document.bytes.count..<document.bytes.count
        let result = document.replacing([
            (end, Array("!".utf8)), (second, Array("null".utf8)), (first, Array("22".utf8)),
            (first.lowerBound..<first.lowerBound, Array("<".utf8)), (0..<0, Array("1".utf8)), (0..<0, Array("2".utf8)),
        ])
        #expect(text(result) == #"12{"a": <22, "b": null}!"#)
        #expect(document.replacing([]) == document.bytes)
    }

    @Test(
        "members are set in place or before the closing brace",
        arguments: [
            (#"{"model":"a","n":1}"#, #"{"model":"m","n":1,"k":7}"#), (#"{}"#, #"{"model":"m","k":7}"#),
            (#" { } "#, #" { "model":"m","k":7} "#), (#"{"k": [1, {"model": 2}] }"#, #"{"k": 7 ,"model":"m"}"#),
            (#"{"model":1,"\u006dodel":2,"k":{}}"#, #"{"model":"m","\u006dodel":"m","k":7}"#),
            (#"[{"model":1}]"#, #"[{"model":1}]"#), ("1", "1"),
        ])
    func setting(before: String, after: String) throws {
        let result = try document(before).settingMembers([
            ("k", Array("6".utf8)), ("model", Array("\"m\"".utf8)), ("k", [0x37]),
        ])
        // New members keep the order of their last mention.
        #expect(text(result) == after)
    }

    @Test(
        "members are removed with exactly one comma each",
        arguments: [
            (#"{"a":1,"b":2,"c":3}"#, #"{"c":3}"#), (#"{"c":3,"a":1}"#, #"{"c":3}"#),
            (#"{"a":1 , "c":3 , "b":2 }"#, #"{"c":3 }"#),
            (#"{"a":1,"b":2}"#, "{}"), (#"{ "a":1 }"#, "{  }"), (#"{"c":1,"a":1,"b":2,"d":3}"#, #"{"c":1,"d":3}"#),
            ("{}", "{}"),
            (#"{"a":1,"a":2,"c":{"a":1},"a":3}"#, #"{"c":{"a":1}}"#), ("[]", "[]"),
        ])
    func removing(before: String, after: String) throws {
        #expect(text(try document(before).removingMembers(["a", "b"])) == after)
    }

    @Test(
        "setting and removing random members of random objects gives the expected object",
        arguments: 1...6 as ClosedRange<UInt64>)
    func randomSplices(seed: UInt64) throws {
        var random = RandomJSON(generator: FuzzGenerator(seed: seed))
        var objects = 0
        for _ in 0..<400 {
            let (text, tree) = random.make()
            let document = try JSONDocument(text)
            guard case .object(var expected) = tree else {
                #expect(document.settingMembers([("a", [0x31])], removing: ["b"]) == text)
                continue
            }
            objects += 1
            let keys = document.root.members.map(\.key) + ["new", "other \"key\"\n"]
            let removed = keys.filter { _ in random.generator.chance(30) }
            var set: [(key: String, value: [UInt8])] = []
            for key in removed { expected[key] = nil }
            for key in keys where random.generator.chance(30) {
                let number = random.generator.below(1_000)
                set.append((key, Array("\(number)".utf8)))
                expected[key] = .number(Double(number))
            }
            let result = document.settingMembers(set, removing: removed)
            // Many keys are hashed, a few are compared.
            let absent = (0..<40).map { "absent \($0)" }
            #expect(document.settingMembers(set, removing: removed + absent) == result)
            let again = try JSONDocument(result)
            #expect(JSONTree(again.root) == .object(expected), "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(objects > 40)
    }

    @Test("many of very many members are removed, including those with escaped keys")
    func removingMany() throws {
        let count = 20_000
        let members = (0..<count).map { $0 % 2 == 0 ? "\"k\u{5c}u0065y \($0)\":\($0)" : "\"key \($0)\":\($0)" }
        let all = try document("{" + members.joined(separator: ",") + "}")
        let result = all.removingMembers((0..<count).filter { $0 % 100 != 7 }.map { "key \($0)" })
        #expect(
            text(result) == "{" + stride(from: 7, to: count, by: 100).map { members[$0] }.joined(separator: ",") + "}")
    }
}
