import Calls
import Domain
import JSON
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Responses that are kept")
struct StoredResponseTests {
    private static let path = "/v1/responses"
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    private static func body(_ input: String, _ members: String = "") -> String {
        #"{"model":"test/cheap","input":"\#(input)"\#(members.isEmpty ? "" : ",\(members)")}"#
    }

    @Test("a response can be read, continued and deleted, whole or streamed", arguments: [false, true])
    func life(isStream: Bool) async throws {
        try await TestService.with { request in
            request.isStreaming
                ? .stream(["fo", "ur"], usage: Self.usage) : .completion("four", usage: Self.usage)
        } _: { service async throws in
            let stream = isStream ? #""stream":true"# : ""
            let first = try await service.send("POST", Self.path, body: Self.body("2+2?", stream))
            let id = try #require(first.text.firstMatch(of: /"id":"(resp_[^"]+)"/)).1
            let kept = try await service.json("GET", "\(Self.path)/\(id)")
            #expect(kept.status == 200 && kept.root["status"]?.string == "completed")
            #expect(kept.root["output"]?[0]?["content"]?[0]?["text"]?.string == "four")
            #expect(kept.root["store"]?.boolean == true)
            let items = try await service.json("GET", "\(Self.path)/\(id)/input_items").root
            #expect(items["data"]?[0]?["content"]?.string == "2+2?")
            let second = try await service.json(
                "POST", Self.path, body: Self.body("And twice that?", #""previous_response_id":"\#(id)""#))
            #expect(second.root["previous_response_id"]?.string == String(id))
            let sent = try #require(service.models.record.requests.last { $0.method == "POST" })
            let messages = try #require(try JSONDocument(sent.body).root["messages"])
            #expect(messages.elements.compactMap { $0["content"]?.string } == ["2+2?", "four", "And twice that?"])
            #expect(try await service.json("DELETE", "\(Self.path)/\(id)").root["deleted"]?.boolean == true)
            #expect(try await service.json("GET", "\(Self.path)/\(id)").status == 404)
            let third = try await service.json(
                "POST", Self.path, body: Self.body("x", #""previous_response_id":"\#(id)""#))
            #expect(third.status == 400 && third.root["error"]?["param"]?.string == "previous_response_id")
        }
    }

    @Test("nothing is kept where the request or the operator does not want it", arguments: [0.0, 30])
    func unwanted(days: Double) async throws {
        var settings = Settings()
        settings.limits.responseDays = days
        try await TestService.with(settings: settings) { _ in
            .completion("four", usage: Self.usage)
        } _: { service async throws in
            let store = days > 0 ? #""store":false"# : #""store":true"#
            let answer = try await service.json("POST", Self.path, body: Self.body("x", store))
            #expect(answer.root["store"]?.boolean == false)
            let id = try #require(answer.root["id"]?.string)
            #expect(try await service.json("GET", "\(Self.path)/\(id)").status == 404)
        }
    }

    @Test("the tokens of an input are estimated without a call")
    func count() async throws {
        try await TestService.with { _ in
            .completion("four", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "\(Self.path)/input_tokens", body: Self.body("What is 2+2?"))
            let root = try JSONDocument(Array(answer.text.utf8)).root
            #expect(root["object"]?.string == "response.input_tokens")
            #expect((root["input_tokens"]?.integer ?? 0) > 5)
            #expect(answer.headers["x-hera-tokens"] == "estimated")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("a conversation too long for every model loses its oldest messages under truncation auto")
    func truncation() async throws {
        try await TestService.with { request in
            request.body.count > 20_000
                ? .status(400, message: "maximum context length exceeded", code: "context_length_exceeded")
                : .completion("four", usage: Self.usage)
        } _: { service async throws in
            let long = String(repeating: "word ", count: 1000)
            let turns = (0..<10).map {
                #"{"role":"user","content":"\#($0) \#(long)"},{"role":"assistant","content":"ok"}"#
            }.joined(separator: ",")
            let input = #"[{"role":"system","content":"Be brief."},\#(turns),{"role":"user","content":"last"}]"#
            func ask(_ truncation: String) async throws -> (status: Int, root: JSONValue) {
                try await service.json(
                    "POST", Self.path,
                    body: #"{"model":"test/cheap","truncation":"\#(truncation)","input":\#(input)}"#)
            }
            let whole = try await ask("disabled")
            #expect(whole.status == 400 && whole.root["error"]?["code"]?.string == "context_length_exceeded")
            let cut = try await ask("auto")
            #expect(cut.status == 200 && cut.root["truncation"]?.string == "auto")
            let sent = try #require(service.models.record.requests.last).bodyText
            #expect(sent.contains("Be brief.") && sent.contains("last") && sent.contains("9 word"))
            #expect(!sent.contains("0 word"))
        }
    }

    @Test("log-probabilities come in the form of responses")
    func logProbabilities() async throws {
        try await TestService.with { _ in
            .json(
                #"{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"four"},"#
                    + #""logprobs":{"content":[{"token":"four","logprob":-0.5,"bytes":[102],"top_logprobs":[]}]},"#
                    + #""finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#)
        } _: { service async throws in
            let answer = try await service.json("POST", Self.path, body: Self.body("x", #""top_logprobs":2"#))
            let token = answer.root["output"]?[0]?["content"]?[0]?["logprobs"]?[0]
            #expect(token?["token"]?.string == "four" && token?["logprob"]?.double == -0.5)
            #expect(answer.root["top_logprobs"]?.integer == 2)
            let sent = try #require(service.models.record.requests.last).bodyText
            #expect(sent.contains(#""logprobs":true"#) && sent.contains(#""top_logprobs":2"#))
        }
    }
}
