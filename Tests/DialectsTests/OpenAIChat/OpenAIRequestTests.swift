import Dialects
import Domain
import JSON
import TestSupport
import Testing
import Upstream

@Suite("A request in OpenAI's format")
struct OpenAIRequestTests {
    @Test("only the model's name changes; what is not known here goes along byte for byte")
    func model() throws {
        let body = #"{ "model":"hera" , "messages":[{"role":"user","content":"h\u00e9"}],"x_new":{"a":[1,2.50]}}"#
        let request = try OpenAIWire().request(.sample(body))
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == body.replacing("\"hera\"", with: "\"served-name\""))
        #expect(request.url == "http://127.0.0.1:1/v1/chat/completions")
        #expect(request.method == "POST")
    }

    @Test("a streamed call asks for its usage, and keeps the caller's other options")
    func streamOptions() throws {
        let plain = try ChatCall.sample(#"{"model":"a"}"#, isStreaming: true).sent
        #expect(plain["stream"]?.boolean == true)
        #expect(plain["stream_options"]?["include_usage"]?.boolean == true)
        let options = #"{"stream":false,"stream_options":{"include_usage":false,"include_obfuscation":false}}"#
        let given = try ChatCall.sample(options, isStreaming: true).sent
        #expect(given["stream"]?.boolean == true)
        #expect(given["stream_options"]?["include_usage"]?.boolean == true)
        #expect(given["stream_options"]?["include_obfuscation"]?.boolean == false)
    }

    @Test("a call that is not streamed says nothing about streams, whatever the caller said")
    func notStreamed() throws {
        let sent = try ChatCall.sample(#"{"stream":true,"stream_options":{"include_usage":true},"n":1}"#).sent
        #expect(sent["stream"] == nil)
        #expect(sent["stream_options"] == nil)
        #expect(sent["n"]?.integer == 1)
    }

    @Test("members that are not for the provider stay behind")
    func removed() throws {
        let call = try ChatCall.sample(#"{"hera":{"policy":"x"},"user":"u"}"#, removedMembers: ["hera"])
        #expect(try call.sent["hera"] == nil)
        #expect(try call.sent["user"]?.string == "u")
    }

    @Test("members that may cost more than was set aside, and change no answer, stay behind")
    func unbounded() throws {
        let call = try ChatCall.sample(
            #"{"prediction":{"type":"content","content":"x"},"models":["a","b"],"route":"fallback","seed":7}"#)
        for name in ["prediction", "models", "route"] { #expect(try call.sent[name] == nil) }
        #expect(try call.sent["seed"]?.integer == 7)
    }

    @Test(
        "members that make an answer longer than its reserved limit stay behind",
        arguments: [
            #""n_predict":50000"#, #""min_tokens":50000"#, #""best_of":20"#, #""ignore_eos":true"#,
            #""num_predict":-1"#, #""max_new_tokens":50000"#, #""min_new_tokens":9"#, #""max_output_tokens":50000"#,
            #""num_beams":4"#, #""n_predict":null"#,
        ])
    func longer(member: String) throws {
        let sent = try ChatCall.sample(#"{"max_tokens":50,\#(member),"seed":7}"#).sent
        #expect(sent.text == #"{"max_tokens":50,"seed":7,"model":"served-name"}"#)
    }

    @Test("a limit under a server's own name counts as the limit, and is sent under OpenAI's")
    func otherLimit() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"}],"n_predict":40}"#
        #expect(try ChatRequest(try JSONDocument(Array(body.utf8))).maxOutputTokens == 40)
        #expect(try ChatCall.sample(body).sent["max_tokens"]?.integer == 40)
        #expect(try ChatCall.sample(#"{"n_predict":5000}"#).sent["max_tokens"]?.integer == 777)
        #expect(try ChatCall.sample(#"{"n_predict":-1}"#).sent["max_tokens"] == nil)
        let openAI = try ChatCall.sample(#"{"n_predict":40}"#, baseURL: "https://api.openai.com/v1").sent
        #expect(openAI["max_completion_tokens"]?.integer == 40 && openAI["max_tokens"] == nil)
    }

    @Test("the key stands in its header and nowhere else", arguments: ["http://h/v1", "http://h/v1/", "http://h/v1//"])
    func key(baseURL: String) throws {
        let request = try OpenAIWire().request(.sample("{}", baseURL: baseURL, key: "secret"))
        #expect(request.headers.first { $0.0 == "Authorization" }?.1 == "Bearer secret")
        #expect(request.url == "http://h/v1/chat/completions")
        #expect(!String(decoding: request.body, as: UTF8.self).contains("secret"))
        #expect(try OpenAIWire().request(.sample("{}")).headers.contains { $0.0 == "Authorization" } == false)
    }

    @Test("a body that is no object is refused", arguments: ["[]", "1", "\"x\"", "null"])
    func noObject(body: String) throws {
        let call = try ChatCall.sample(body)
        #expect(throws: UpstreamError.self) { try OpenAIWire().request(call) }
        #expect(throws: UpstreamError.self) { try OpenAIWire().embeddingsRequest(call) }
    }

    @Test(
        "no model is asked for more than it can write, and OpenAI's own servers by the newer name",
        arguments: [
            ("http://127.0.0.1:1/v1", #""max_tokens":5000"#, "max_tokens", 777),
            ("http://127.0.0.1:1/v1", #""max_tokens":5"#, "max_tokens", 5),
            ("http://127.0.0.1:1/v1", #""max_tokens":null,"max_completion_tokens":5000"#, "max_completion_tokens", 777),
            ("https://api.openai.com/v1", #""max_tokens":5"#, "max_completion_tokens", 5),
            ("https://api.openai.com/v1", #""max_completion_tokens":5"#, "max_completion_tokens", 5),
        ])
    func limit(baseURL: String, members: String, name: String, limit: Int64) throws {
        let sent = try ChatCall.sample("{\"model\":\"a\",\"messages\":[],\(members)}", baseURL: baseURL).sent
        #expect(sent[name]?.integer == limit)
        let other = name == "max_tokens" ? "max_completion_tokens" : "max_tokens"
        #expect(sent[other]?.integer == nil)
    }

    @Test(
        "two limits become the smaller one, so that a server cannot go by the other",
        arguments: [(90_000, 5), (5, 5000)])
    func twoLimits(older: Int, newer: Int) throws {
        let body = #"{"messages":[],"max_tokens":\#(older),"max_completion_tokens":\#(newer)}"#
        let sent = try ChatCall.sample(body, baseURL: "http://127.0.0.1:1/v1").sent
        #expect(sent["max_tokens"]?.integer == 5)
        #expect(sent["max_completion_tokens"]?.integer == 5)
    }

    @Test("a call for embeddings names the model too")
    func embeddings() throws {
        let request = try OpenAIWire().embeddingsRequest(.sample(#"{"model":"a","input":"text"}"#))
        #expect(request.url == "http://127.0.0.1:1/v1/embeddings")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"model":"served-name","input":"text"}"#)
    }
}
