import Dialects
import Domain
import JSON
import TestSupport
import Testing

@Suite("Marks for prompt caches that the service sets")
struct CacheMarkTests {
    private static let mark = #"{"type":"ephemeral"}"#
    private static let tools =
        #""tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]"#

    private static func sent(_ body: String) throws -> JSONValue {
        var call = try ChatCall.sample(body, wire: .anthropic)
        call.marksCache = true
        return try call.sent
    }

    private static func marks(_ value: JSONValue?) -> Int {
        String(decoding: value?.raw ?? [][...], as: UTF8.self).components(of: "cache_control")
    }

    @Test("stand at the end of the system prompt, of the call before, and of this one")
    func places() throws {
        let sent = try Self.sent(
            #"""
            {"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"},
             {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"a","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"1","content":"x"},
             {"role":"assistant","tool_calls":[{"id":"2","function":{"name":"a","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"2","content":"y"}],\#(Self.tools)}
            """#)
        #expect(sent["system"]?[0]?["cache_control"]?.text == Self.mark)
        let turns = sent["messages"]
        #expect(turns?.elements.map { Self.marks($0) } == [0, 0, 1, 0, 1])
        #expect(turns?[4]?["content"]?[0]?["cache_control"]?.text == Self.mark)
        #expect(Self.marks(sent["tools"]) == 0 && Self.marks(sent) == 3)
    }

    @Test("stand at the last tool where there is no system prompt")
    func tools() throws {
        let sent = try Self.sent(#"{"messages":[{"role":"user","content":"hi"}],\#(Self.tools)}"#)
        #expect(sent["tools"]?.elements.map { Self.marks($0) } == [0, 1])
        #expect(Self.marks(sent) == 2)
    }

    @Test("are none beside the caller's own")
    func callers() throws {
        let sent = try Self.sent(
            #"""
            {"messages":[{"role":"system","content":"be brief"},
             {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}
            """#)
        #expect(Self.marks(sent) == 1 && sent["system"]?.string == "be brief")
    }

    @Test("are the same from step to step, so that a step reads what the one before has written")
    func prefix() throws {
        let first = #"{"role":"system","content":"be brief"},{"role":"user","content":"hi"}"#
        let one = try Self.sent("{\"messages\":[\(first)],\(Self.tools)}")
        let two = try Self.sent(
            "{\"messages\":[\(first),{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"}],\(Self.tools)}"
        )
        #expect(one["system"]?.text == two["system"]?.text && one["tools"]?.text == two["tools"]?.text)
        #expect(one["messages"]?[0]?.text == two["messages"]?[0]?.text)
    }
}

extension String {
    /// How often a word stands in the text.
    fileprivate func components(of word: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: word) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
