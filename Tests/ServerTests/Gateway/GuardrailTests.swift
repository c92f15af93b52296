import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Guardrails over HTTP")
struct GuardrailTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    /// Refuses texts with `FORBIDDEN`, takes out `secret-1234`, and allows the rest.
    private static func verdict(_ request: ScriptedRequest) -> ScriptedReply {
        let texts = (try? JSONDocument(request.body))?.root["texts"]?.elements.compactMap(\.string) ?? []
        if texts.contains(where: { $0.contains("FORBIDDEN") }) {
            return .json(#"{"action":"BLOCKED","blocked_reason":"a forbidden word"}"#)
        }
        guard texts.contains(where: { $0.contains("secret-1234") }) else { return .json(#"{"action":"NONE"}"#) }
        let others = texts.map { ScriptedReply.quoted($0.replacing("secret-1234", with: "[removed]")) }
        return .json(#"{"action":"GUARDRAIL_INTERVENED","texts":[\#(others.joined(separator: ","))]}"#)
    }

    /// Runs a body with a service whose models answer with a text, and the guardrail's server.
    private static func with(
        _ rule: String = #","after":true"#, answering answer: String = "It is 4.", keepAlive: Double = 10,
        guardrail: @escaping @Sendable (ScriptedRequest) -> ScriptedReply = verdict,
        _ body: @escaping @Sendable (TestService, ScriptedUpstream) async throws -> Void
    ) async throws {
        try await ScriptedUpstream.with(script: guardrail) { server async throws in
            let text = #"{"guardrail":{"url":"\#(server.baseURL)/guard"\#(rule)}}"#
            var settings = try Settings(json: try JSONDocument(Array(text.utf8)).root)
            settings.limits.keepAliveSeconds = keepAlive
            try await TestService.with(settings: settings, catalog: TestModels.mixed) { request in
                if request.path.hasSuffix("/embeddings") {
                    return .json(
                        #"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#)
                }
                if request.path.hasSuffix("/messages") {
                    return request.isStreaming
                        ? .messageStream([answer], usage: usage) : .message(answer, usage: usage)
                }
                let half = answer.index(answer.startIndex, offsetBy: answer.count / 2)
                let pieces = [String(answer[..<half]), String(answer[half...])]
                return request.isStreaming ? .stream(pieces, usage: usage) : .completion(answer, usage: usage)
            } _: { service async throws in
                try await body(service, server)
            }
        }
    }

    private static func sent(_ service: TestService) -> [ScriptedRequest] {
        service.models.record.requests.filter { $0.method == "POST" }
    }

    /// A dialect with a request in it.
    struct Way: Sendable, CustomTestStringConvertible {
        let path: String
        let model: String
        let isStream: Bool

        static let all = ["test/cheap", "test/claude"].flatMap { model in
            ["/v1/chat/completions", "/v1/messages", "/v1/responses"].flatMap { path in
                [true, false].map { Way(path: path, model: model, isStream: $0) }
            }
        }

        var testDescription: String { "\(path) \(model) \(isStream ? "stream" : "whole")" }

        func body(_ text: String) -> String {
            let list = #"[{"role":"user","content":"\#(text)"}]"#
            let rest = path.hasSuffix("responses") ? #""input":\#(list)"# : #""messages":\#(list)"#
            return #"{"model":"\#(model)","max_tokens":50,"stream":\#(isStream),\#(rest)}"#
                .replacing(path.hasSuffix("responses") ? #""max_tokens":50,"# : "\u{0}", with: "")
        }
    }

    @Test("what it allows passes as it is, and it sees the request and the answer", arguments: Way.all)
    func allows(way: Way) async throws {
        try await Self.with { service, guardrail async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is 2+2?"))
            #expect(answer.status == 200, "\(answer.text)")
            let asked = try guardrail.record.requests.map { try JSONDocument($0.body).root }
            #expect(asked.map { $0["input_type"]?.string } == ["request", "response"])
            #expect(asked[0]["texts"]?.elements.map(\.string) == ["What is 2+2?"])
            #expect(asked[1]["texts"]?.elements.map(\.string) == ["It is 4."])
        }
    }

    @Test("what it takes out of a request reaches no model, in no dialect", arguments: Way.all)
    func redactsRequests(way: Way) async throws {
        try await Self.with("") { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("Use secret-1234 now"))
            #expect(answer.status == 200, "\(answer.text)")
            let sent = try #require(Self.sent(service).first)
            #expect(sent.bodyText.contains("Use [removed] now") && !sent.bodyText.contains("secret-1234"))
        }
    }

    @Test("what it takes out of an answer reaches no client, in no dialect, and the call is booked", arguments: Way.all)
    func redactsAnswers(way: Way) async throws {
        try await Self.with(answering: "It is secret-1234.") { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 200 && answer.text.contains("It is [removed]."), "\(answer.text)")
            // The two halves of the stream would be enough to put it together.
            #expect(!answer.text.contains("secret-"))
            let entries = try await service.entries()
            #expect(entries.map(\.kind) == [.call] && entries.allSatisfy { $0.result.figures.cost.total > .zero })
        }
    }

    @Test("a request that it refuses costs nothing, and the error says why", arguments: Way.all)
    func refusesRequests(way: Way) async throws {
        try await Self.with { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("FORBIDDEN"))
            #expect(answer.status == 400 && answer.text.contains("a forbidden word"))
            if way.path != "/v1/messages" {
                #expect(answer.text.contains("guardrail_refused"))
            }
            #expect(Self.sent(service).isEmpty)
            #expect(try await service.entries().isEmpty)
        }
    }

    @Test("an answer that it refuses goes nowhere, and its cost stays booked", arguments: Way.all)
    func refusesAnswers(way: Way) async throws {
        try await Self.with(answering: "It is FORBIDDEN.") { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 400 && answer.text.contains("refuses the answer: a forbidden word"))
            #expect(!answer.text.contains("FORBIDDEN"))
            #expect(Self.sent(service).count == 1)
            let entries = try await service.entries()
            #expect(entries.count == 1 && entries[0].result.figures.cost.total > .zero)
            let ledger = service.stepService.ledger
            #expect(try await ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a stream that was kept open ends with the error")
    func keptOpen() async throws {
        try await Self.with(answering: "It is FORBIDDEN.", keepAlive: 0.05) { request in
            let isAnswer = request.bodyText.contains(#""input_type":"response""#)
            return Self.verdict(request).delayed(by: .milliseconds(isAnswer ? 400 : 0))
        } _: { service, _ async throws in
            let way = Way(path: "/v1/chat/completions", model: "test/cheap", isStream: true)
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 200 && answer.text.contains(": the answer is being checked"))
            #expect(answer.text.contains(#""code":"guardrail_refused""#) && !answer.text.contains("FORBIDDEN"))
            #expect(!answer.text.contains("[DONE]"))
        }
    }

    @Test(
        "without a verdict a closed guardrail lets nothing pass, and an open one everything",
        arguments: [
            ScriptedReply.json("{}").delayed(by: .seconds(20)), .json("oops"), .json("{}", status: 500),
            .nothing(.reset),
            .json(#"{"action":"GUARDRAIL_INTERVENED","texts":[]}"#),
        ])
    func noVerdict(reply: ScriptedReply) async throws {
        let way = Way(path: "/v1/chat/completions", model: "test/cheap", isStream: false)
        try await Self.with(#","timeout_s":0.3"#) { _ in
            reply
        } _: { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 503 && answer.text.contains("guardrail_unavailable"))
            #expect(answer.headers["x-should-retry"] == nil && Self.sent(service).isEmpty)
        }
        try await Self.with(#","timeout_s":0.3,"on_failure":"open","after":true"#) { _ in
            reply
        } _: { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 200 && answer.text.contains("It is 4."))
        }
        try await Self.with(#","timeout_s":0.3,"before":false,"after":true"#) { _ in
            reply
        } _: { service, _ async throws in
            let answer = try await service.send("POST", way.path, body: way.body("What is it?"))
            #expect(answer.status == 503 && !answer.text.contains("It is 4."))
            // A client that tried again by itself would pay again.
            #expect(answer.headers["x-should-retry"] == "false")
            #expect(try await service.entries().count == 1)
        }
    }

    @Test("a server that fails once is asked again")
    func again() async throws {
        try await Self.with("") { request in
            request.number == 1 ? .nothing(.reset) : Self.verdict(request)
        } _: { service, guardrail async throws in
            let way = Way(path: "/v1/chat/completions", model: "test/cheap", isStream: false)
            #expect(try await service.send("POST", way.path, body: way.body("What is it?")).status == 200)
            let ids = guardrail.record.requests.compactMap { $0.header("webhook-id") }
            #expect(ids.count == 2 && Set(ids).count == 1)
        }
    }

    @Test("steps of jobs are checked, with what tools return")
    func jobs() async throws {
        try await Self.with(answering: "It is secret-1234.") { service, _ async throws in
            let id = try #require(
                try await service.json("POST", "/v1/jobs", body: #"{"input":"Use secret-1234"}"#).root["id"]?.string)
            let job = try await service.job(id, reaches: ["completed", "failed"])
            #expect(job["output"]?.string == "It is [removed].")
            #expect(Self.sent(service).allSatisfy { !$0.bodyText.contains("secret-1234") })
            let other = try #require(
                try await service.json("POST", "/v1/jobs", body: #"{"input":"FORBIDDEN"}"#).root["id"]?.string)
            let failed = try await service.job(other, reaches: ["completed", "failed"])
            #expect(failed["status"]?.string == "failed")
            #expect(try await service.send("GET", "/v1/jobs/\(other)").text.contains("a forbidden word"))
        }
    }

    @Test("rows of batches are checked one by one, and a refused one fails by itself")
    func batches() async throws {
        try await Self.with(answering: "It is secret-1234.") { service, _ async throws in
            let client = BatchClient(port: service.port, key: nil)
            let rows =
                BatchClient.row("good", text: "Use secret-1234", model: "test/cheap") + "\n"
                + BatchClient.row("bad", text: "FORBIDDEN", model: "test/cheap") + "\n"
            let batch = try await client.wait(try await client.batch(rows))
            let answers = try await client.lines(batch, "output_file_id")
            #expect(answers.map { $0["custom_id"]?.string } == ["good"])
            let message = answers.first?["response"]?["body"]?["choices"]?[0]?["message"]
            #expect(message?["content"]?.string == "It is [removed].")
            let errors = try await client.lines(batch, "error_file_id")
            #expect(errors.map { $0["custom_id"]?.string } == ["bad"])
            #expect(errors.first.map { String(decoding: $0.raw, as: UTF8.self).contains("guardrail_refused") } == true)
            #expect(Self.sent(service).count == 1 && !Self.sent(service)[0].bodyText.contains("secret-1234"))
        }
    }

    @Test("texts for vectors are checked, and prompts that are only counted are sent to no one")
    func others() async throws {
        try await Self.with { service, _ async throws in
            let body = #"{"model":"test/vectors","input":["secret-1234"]}"#
            #expect(try await service.send("POST", "/v1/embeddings", body: body).status == 200)
            #expect(Self.sent(service).map(\.bodyText).first?.contains("[removed]") == true)
            let count = #"{"model":"test/claude","messages":[{"role":"user","content":"secret-1234"}]}"#
            let counted = try await service.send("POST", "/v1/messages/count_tokens", body: count)
            #expect(counted.status == 200 && counted.headers["x-hera-tokens"] == "estimated")
            #expect(Self.sent(service).count == 1)
        }
    }

    @Test("several answers in one stream cannot be checked, and the error says so")
    func several() async throws {
        try await Self.with { service, _ async throws in
            let body = #"{"model":"test/cheap","n":2,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 400 && answer.text.contains(#""param":"n""#))
            let whole = body.replacing(#""stream":true,"#, with: "")
            #expect(try await service.send("POST", "/v1/chat/completions", body: whole).status == 200)
        }
    }
}
