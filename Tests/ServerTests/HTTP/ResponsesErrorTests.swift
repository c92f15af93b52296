import Calls
import Domain
import JSON
import ScriptedUpstream
import Steps
import Testing

@Suite("Errors of OpenAI's responses over HTTP")
struct ResponsesErrorTests {
    private static let path = "/v1/responses"

    @Test(
        "each invalid request has OpenAI's error object, its status, field and a hint",
        arguments: [
            (#"{"model": "hera", "input": ["#, 400, nil, "the body is not valid JSON"),
            (#"{"model":"hera"}"#, 400, "input", "give a string or a list of items"),
            (#"{"model":"hera","input":"x","previous_response_id":"resp_1"}"#, 400, "previous_response_id", "send the"),
            (
                #"{"model":"hera","input":"x","tools":[{"type":"web_search"}]}"#, 400, "tools[0].type",
                "offer a function"
            ),
            (#"{"model":"test/cheep","input":"x"}"#, 404, "model", "did you mean 'test/cheap'?"),
            (#"{"model":"test/vectors","input":"x"}"#, 400, "model", "use POST /v1/embeddings"),
            (#"{"model":"hera","input":"x","hera":{"budgetusd":1}}"#, 400, "hera.budgetusd", "'budget_usd'?"),
            (#"{"model":"hera","input":"x","hera":{"budget_usd":1e-9}}"#, 402, "budget_usd", "raise budget_usd"),
        ] as [(String, Int, String?, String)])
    func mistakes(body: String, status: Int, field: String?, message: String) async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.json("POST", Self.path, body: body)
            #expect(answer.status == status)
            let error = try #require(answer.root["error"])
            #expect(error["param"]?.string == field)
            #expect(error["message"]?.string?.contains(message) == true, "got: \(error["message"]?.string ?? "")")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" }, "no model is called")
        }
    }

    @Test("a broken stream ends as failed, with the partial output")
    func brokenStream() async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
        let broken = ScriptedReply.stream(["one ", "two ", "three"], usage: usage).cut(afterBytes: 600, by: .reset)
        try await TestService.with { _ in
            broken
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: #"{"model":"test/cheap","stream":true,"input":"x"}"#)
            var reader = SSEReader()
            let last = try #require(try reader.feed(Array(answer.text.utf8)).last)
            #expect(last.event == "response.failed")
            let response = try #require(try JSONDocument(last.data).root["response"])
            #expect(response["error"]?["message"]?.string?.contains("test/cheap broke off") == true)
            #expect(!answer.text.contains("response.completed"))
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["failures"]?.integer == 1)
        }
    }

    @Test("if all candidates fail after a keep-alive comment, the stream ends with an error event")
    func lateFailure() async throws {
        var settings = Settings()
        settings.limits.keepAliveSeconds = 0.05
        try await TestService.with(settings: settings) { _ in
            ScriptedReply.status(500).delayed(by: .milliseconds(200))
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: #"{"model":"hera","stream":true,"hera":{"verify":true},"input":"x"}"#)
            #expect(answer.status == 200)
            var reader = SSEReader()
            let events = try reader.feed(Array(answer.text.utf8))
            #expect(events.map(\.event) == ["error"])
            let error = try JSONDocument(try #require(events.last).data).root
            #expect(error["code"]?.string == "server_error" && error["sequence_number"]?.integer == 0)
            #expect(error["message"]?.string?.contains("500") == true)
        }
    }

    @Test("unknown resources are not found, with a hint to existing ones")
    func retrieval() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let one = try await service.json("GET", "\(Self.path)/resp_1")
            #expect(one.status == 404 && one.root["error"]?["message"]?.string != nil)
            #expect(try await service.json("GET", Self.path).status == 405)
        }
    }
}
