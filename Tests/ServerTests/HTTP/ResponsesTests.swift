import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("OpenAI's responses over HTTP")
struct ResponsesTests {
    private static let path = "/v1/responses"
    private static let tools =
        #""tools":[{"type":"function","name":"sum","description":"adds","parameters":{"type":"object","properties":{"a":{"type":"array"}}},"strict":false}]"#
    private let usage = ScriptedUsage(promptTokens: 100, cachedTokens: 60, completionTokens: 10)

    private static func body(_ model: String, _ members: String = "", input: String? = nil) -> String {
        #"{"model":"\#(model)","input":\#(input ?? #""What is 2+2?""#)\#(members.isEmpty ? "" : ",\(members)")}"#
    }

    private static func items(_ root: JSONValue) -> [JSONValue] { root["output"].map { Array($0.elements) } ?? [] }

    private static func text(_ value: JSONValue?) -> String {
        value.map { String(decoding: $0.raw, as: UTF8.self) } ?? ""
    }

    /// The events of a stream in order: type and data.
    private static func events(_ text: String) throws -> [(type: String, data: JSONValue)] {
        var reader = SSEReader()
        return try reader.feed(Array(text.utf8)).map { ($0.event ?? "", try JSONDocument($0.data).root) }
    }

    @Test("a response has the model's text, hera's headers, the token usage, and is booked")
    func whole() async throws {
        let usage = usage
        try await TestService.with { _ in
            .completion("4", usage: usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: Self.body("hera", #""instructions":"Be brief.","store":true"#))
            #expect(answer.status == 200)
            let root = try JSONDocument(Array(answer.text.utf8)).root
            #expect(root["object"]?.string == "response" && root["status"]?.string == "completed")
            #expect(root["model"]?.string == "scripted" && root["store"]?.boolean == true)
            #expect(Self.items(root).first?["content"]?.elements.first { _ in true }?["text"]?.string == "4")
            #expect(root["usage"]?["input_tokens"]?.integer == 100)
            #expect(root["usage"]?["input_tokens_details"]?["cached_tokens"]?.integer == 60)
            #expect(root["usage"]?["output_tokens"]?.integer == 10)
            let model = try #require(answer.headers["x-hera-model"])
            #expect(answer.headers["x-hera-cost-usd"] == (model == "test/cheap" ? "0.00012" : "0.0012"))
            let decision = try #require(answer.headers["x-hera-decision"])
            #expect(root["id"]?.string == "resp_" + decision.dropFirst("dec_".count))
            #expect(try await service.json("GET", "/v1/decisions/\(decision)").root["model"]?.string == model)
            let sent = try JSONDocument(try #require(service.models.record.requests.last).body).root
            #expect(
                Self.text(sent["messages"])
                    == #"[{"role":"system","content":"Be brief."},{"role":"user","content":"What is 2+2?"}]"#)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a stream has the events of a response, and its last one comes when the books are closed")
    func stream() async throws {
        let usage = usage
        try await TestService.with { _ in
            .stream(["The ", "answer ", "is 4."], usage: usage)
        } _: { service async throws in
            let answer = try await service.send("POST", Self.path, body: Self.body("test/cheap", #""stream":true"#))
            #expect(answer.headers["content-type"] == "text/event-stream")
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let events = try Self.events(answer.text)
            #expect(events.allSatisfy { $0.type == $0.data["type"]?.string })
            #expect(
                events.map(\.type) == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                    "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                    "response.output_item.done", "response.completed",
                ])
            #expect(events.compactMap { $0.data["delta"]?.string }.joined() == "The answer is 4.")
            let response = try #require(events.last?.data["response"])
            #expect(response["usage"]?["total_tokens"]?.integer == 110)
            #expect(!answer.text.contains("[DONE]"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["cost_usd"]?.numberText == "0.00012")
        }
    }

    @Test("a tool loop is the same position and session as the same conversation through chat, whole and streamed")
    func tools() async throws {
        let usage = usage
        try await TestService.with { request in
            if request.bodyText.contains(#""role":"tool""#) { return .completion("4", usage: usage) }
            return request.isStreaming
                ? .toolCallStream("sum", argumentPieces: [#"{"a":"#, "[2,2]}"], usage: usage)
                : .toolCall("sum", arguments: #"{"a":[2,2]}"#, usage: usage)
        } _: { service async throws in
            let first = try await service.json("POST", Self.path, body: Self.body("test/cheap", Self.tools)).root
            let call = try #require(Self.items(first).first)
            #expect(
                Self.text(call).hasSuffix(
                    #""type":"function_call","status":"completed","call_id":"call_1","name":"sum","arguments":"{\"a\":[2,2]}"}"#
                ))
            let stream = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap", Self.tools + #","stream":true"#))
            let events = try Self.events(stream.text)
            let end = try #require(events.last?.data["response"])
            #expect(
                Self.text(Self.items(end).first).hasSuffix(
                    #""call_id":"call_1","name":"sum","arguments":"{\"a\":[2,2]}"}"#))
            let input = #"""
                [{"role":"user","content":"What is 2+2?"},\#(Self.text(call)),
                {"type":"function_call_output","call_id":"call_1","output":"4"}]
                """#
            let last = try await service.send(
                "POST", Self.path, body: Self.body("test/cheap", Self.tools, input: input))
            let messages = #"""
                {"role":"user","content":"What is 2+2?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1",
                "type":"function","function":{"name":"sum","arguments":"{\"a\":[2,2]}"}}]},
                {"role":"tool","tool_call_id":"call_1","content":"4"}
                """#
            let chat = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"test/cheap","messages":[\#(messages)]}"#)
            for answer in [last, chat] {
                #expect(answer.status == 200)
                let decision = try #require(answer.headers["x-hera-decision"])
                let root = try await service.json("GET", "/v1/decisions/\(decision)").root
                #expect(root["position"]?.integer == 2)
            }
            let runs = try await service.json("GET", "/v1/dashboard?group_by=session").root["rows"]
            #expect(runs?.count == 1, "the four calls are one session")
        }
    }

    @Test(
        "models in Anthropic's own format answer, also where the chosen model fails, and an image goes to one that sees"
    )
    func anthropic() async throws {
        let usage = usage
        try await TestService.with(catalog: TestModels.mixed) { request in
            guard request.path == "/v1/messages" else { return .status(503) }
            return request.isStreaming
                ? .messageStream(["Hel", "lo"], usage: usage, stopReason: "max_tokens") : .message("4", usage: usage)
        } _: { service async throws in
            let input =
                #"[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"auto"}]}]"#
            for body in [Self.body("hera"), Self.body("hera", input: input)] {
                let answer = try await service.send("POST", Self.path, body: body)
                #expect(answer.headers["x-hera-model"] == "test/claude")
                #expect(answer.text.contains(#""text":"4""#))
            }
            let stream = try await service.send("POST", Self.path, body: Self.body("test/claude", #""stream":true"#))
            let end = try #require(try Self.events(stream.text).last)
            #expect(end.type == "response.incomplete")
            #expect(end.data["response"]?["incomplete_details"]?["reason"]?.string == "max_output_tokens")
            #expect(end.data["response"]?["usage"]?["input_tokens"]?.integer == 100)
        }
    }

    @Test("an answer that is verified comes from the model that passed, and is waited for with comments")
    func verified() async throws {
        let usage = usage
        var settings = Settings()
        settings.limits.keepAliveSeconds = 0.05
        let grader = TestEstimator(acceptance: { _, text in text == "4" ? 0.9 : 0.2 })
        try await TestService.with(settings: settings, estimator: grader) { request in
            let answer = request.model == "test/cheap" ? "5" : "4"
            return request.isStreaming
                ? .stream([answer], usage: usage).delayed(by: .milliseconds(200)) : .completion(answer, usage: usage)
        } _: { service async throws in
            let body = Self.body("hera", #""hera":{"verify":true}"#)
            let whole = try await service.send("POST", Self.path, body: body)
            #expect(whole.headers["x-hera-model"] == "test/dear" && whole.text.contains(#""text":"4""#))
            #expect(whole.headers["x-hera-cost-usd"] == "0.00132", "both answers are paid")
            let stream = try await service.send(
                "POST", Self.path, body: Self.body("hera", #""stream":true,"hera":{"verify":true}"#))
            #expect(stream.text.hasPrefix(":\n\n"))
            let events = try Self.events(stream.text)
            #expect(events.first?.type == "response.created" && events.last?.type == "response.completed")
            #expect(events.compactMap { $0.data["delta"]?.string } == ["4"])
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 4 && totals?["cost_usd"]?.numberText == "0.00264")
        }
    }

    @Test("a repetition under one Idempotency-Key is answered alike and paid once")
    func repetition() async throws {
        let usage = usage
        try await TestService.with { request in
            .completion("answer \(request.number)", usage: usage)
        } _: { service async throws in
            let (body, key) = (Self.body("test/cheap"), [("idempotency-key", "k")])
            let first = try await service.send("POST", Self.path, body: body, headers: key)
            let second = try await service.send("POST", Self.path, body: body, headers: key)
            #expect(first.status == 200 && second.text == first.text)
            #expect(second.headers["idempotent-replayed"] == "true")
            #expect(second.headers["x-hera-decision"] == first.headers["x-hera-decision"])
            #expect(service.models.record.requests.count { $0.method == "POST" } == 1)
        }
    }
}
