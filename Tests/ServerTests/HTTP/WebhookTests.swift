import Domain
import JSON
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Webhook tools")
struct WebhookTests {
    private let usage = ScriptedUsage(promptTokens: 50, completionTokens: 5)

    /// A job whose model calls the tool once and repeats its output.
    private func job(
        asking url: @escaping @Sendable (String) -> String = { $0 + "/weather" }, rule: String = "",
        tool: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable (TestService, ScriptedUpstream, String) async throws -> Void
    ) async throws {
        let usage = usage
        try await ScriptedUpstream.with(script: tool) { tools async throws in
            let text = #"{"webhooks":[{"url":"\#(tools.baseURL)"\#(rule)}]}"#
            let settings = try Settings(json: try JSONDocument(Array(text.utf8)).root)
            try await TestService.with(settings: settings) { request in
                request.bodyText.contains(#""role":"tool""#)
                    ? .completion("Done.", usage: usage)
                    : .toolCall("weather", arguments: #"{"city":"Oslo"}"#, usage: usage)
            } _: { service async throws in
                let tool = #"{"type":"http","name":"weather","url":"\#(url(tools.baseURL))"}"#
                try await body(service, tools, #"{"input":"Weather?","agent":{"tools":[\#(tool)]}}"#)
            }
        }
    }

    @Test("the arguments are posted with a key of their own, and the answer is the tool's result")
    func asks() async throws {
        try await job { _ in
            .json(#"{"sky":"blue"}"#)
        } _: { service, tools, body async throws in
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            _ = try await service.job(id, reaches: ["completed"])
            let asked = try #require(tools.record.requests.first)
            #expect(asked.method == "POST" && asked.path.hasSuffix("/weather"))
            #expect(asked.bodyText == #"{"city":"Oslo"}"#)
            #expect(asked.header("idempotency-key")?.hasPrefix(id) == true)
            #expect(asked.header("authorization") == nil)
            #expect(service.models.record.requests.last?.bodyText.contains(#"{\"sky\":\"blue\"}"#) == true)
            let events = try await service.send("GET", "/v1/jobs/\(id)/events").text
            #expect(events.contains("event: tool.completed\n"))
        }
    }

    @Test(
        "a failed webhook is reported to the model, and the job continues",
        arguments: [
            (ScriptedReply.json("no such city", status: 404), "the tool answered with status 404: no such city"),
            (ScriptedReply.json("slow").delayed(by: .seconds(20)), "the tool did not answer within 0.3 s"),
            (ScriptedReply.json(String(repeating: "x", count: 500)), "longer than 100 bytes"),
            (ScriptedReply.nothing(.reset), "the tool cannot be reached"),
        ])
    func failures(reply: ScriptedReply, message: String) async throws {
        try await job(rule: #","timeout_s":0.3,"answer_bytes":100"#) { _ in
            reply
        } _: { service, _, body async throws in
            let id = try #require(try await service.json("POST", "/v1/jobs", body: body).root["id"]?.string)
            let job = try await service.job(id, reaches: ["completed"])
            #expect(job["output"]?.string == "Done.")
            #expect(service.models.record.requests.last?.bodyText.contains("error: ") == true)
            #expect(service.models.record.requests.last?.bodyText.contains(message) == true)
        }
    }

    @Test("a server that the settings do not name is refused before anything is spent")
    func refused() async throws {
        try await job(asking: { _ in "http://169.254.169.254/latest" }) { _ in
            .json("secret")
        } _: { service, tools, body async throws in
            let answer = try await service.json("POST", "/v1/jobs", body: body)
            #expect(answer.status == 400)
            #expect(answer.root["error"]?["param"]?.string == "agent.tools[0].url")
            #expect(answer.root["error"]?["message"]?.string?.contains("webhooks") == true)
            #expect(tools.record.requests.isEmpty)
        }
    }
}
