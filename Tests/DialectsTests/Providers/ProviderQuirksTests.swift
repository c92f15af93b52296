import Dialects
import Domain
import JSON
import TestSupport
import Testing

@testable import Dialects

@Suite("Habits of single providers")
struct ProviderQuirksTests {
    private static func sent(_ members: String, at baseURL: String, model: String = "m", key: String? = nil) throws
        -> JSONValue
    {
        var call = try ChatCall.sample("{\"messages\":[],\(members)}", baseURL: baseURL)
        call.endpoint = Endpoint(baseURL: baseURL, wire: .openAI, modelName: model, keyVariable: nil)
        call.cacheKey = key
        return try call.sent
    }

    @Test("rows are found by the end of the host, and never by a part of a name")
    func hosts() {
        func limit(_ url: String) -> String? {
            ProviderQuirks.of(Endpoint(baseURL: url, wire: .openAI, modelName: "m", keyVariable: nil)).limitMember
        }
        #expect(limit("https://api.openai.com/v1") == "max_completion_tokens")
        #expect(limit("https://team.openai.azure.com/openai/v1") == "max_completion_tokens")
        #expect(limit("https://api.mistral.ai:443/v1") == "max_tokens")
        #expect(limit("https://notapi.openai.com.example/v1") == nil)
        #expect(limit("https://fakeapi.mistral.ai/v1") == nil)
        #expect(limit("http://127.0.0.1:8000/v1") == nil)
    }

    @Test("hosts stand in one row only, and no member is both renamed and left out")
    func table() {
        let hosts = ProviderQuirks.all.flatMap(\.hosts)
        #expect(Set(hosts).count == hosts.count)
        for row in ProviderQuirks.all {
            #expect(Set(row.renamed.keys).isDisjoint(with: row.refused.map(\.member)))
        }
    }

    @Test("Mistral gets its own names, and nothing that it forbids")
    func mistral() throws {
        let url = "https://api.mistral.ai/v1"
        let sent = try Self.sent(
            #""seed":7,"max_completion_tokens":50,"user":"u","store":false,"tool_choice":"required","temperature":0.1"#,
            at: url)
        #expect(sent["random_seed"]?.integer == 7 && sent["seed"] == nil)
        #expect(sent["max_tokens"]?.integer == 50 && sent["max_completion_tokens"] == nil)
        #expect(sent["user"] == nil && sent["store"] == nil && sent["tool_choice"]?.string == "any")
        #expect(sent["temperature"]?.double == 0.1)
        #expect(try Self.sent(#""seed":7,"random_seed":8"#, at: url)["random_seed"]?.integer == 8)
    }

    @Test("hints that reasoning models refuse are left out for them alone")
    func reasoningModels() throws {
        let hints = #""temperature":0.2,"frequency_penalty":1,"stop":["x"]"#
        let o3 = try Self.sent(hints, at: "https://api.openai.com/v1", model: "o3-mini")
        #expect(o3["temperature"] == nil && o3["frequency_penalty"] == nil && o3["stop"] != nil)
        let gpt = try Self.sent(hints, at: "https://api.openai.com/v1", model: "gpt-4.1")
        #expect(gpt["temperature"]?.double == 0.2 && gpt["frequency_penalty"] != nil)
        let grok = try Self.sent(hints, at: "https://api.x.ai/v1", model: "grok-4.7")
        #expect(grok["frequency_penalty"] == nil && grok["temperature"] != nil)
        let own = try Self.sent(hints, at: "http://127.0.0.1:1/v1", model: "o3-mini")
        #expect(own["temperature"] != nil)
    }

    @Test("the run's cache key goes to servers that find their caches by it, and never in place of the caller's")
    func cacheKey() throws {
        let url = "https://api.openai.com/v1"
        #expect(try Self.sent(#""seed":1"#, at: url, key: "hera-1")["prompt_cache_key"]?.string == "hera-1")
        #expect(try Self.sent(#""seed":1"#, at: url)["prompt_cache_key"] == nil)
        #expect(
            try Self.sent(#""prompt_cache_key":"mine""#, at: url, key: "hera-1")["prompt_cache_key"]?.string == "mine")
        #expect(try Self.sent(#""seed":1"#, at: "http://127.0.0.1:1/v1", key: "hera-1")["prompt_cache_key"] == nil)
        #expect(
            try Self.sent(#""prompt_cache_key":"mine""#, at: "http://127.0.0.1:1/v1")["prompt_cache_key"] != nil,
            "what the caller says is passed on everywhere")
    }
}
