import Calls
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Embeddings over HTTP")
struct EmbeddingsTests {
    private static let path = "/v1/embeddings"

    private static func vectors(_ count: Int, usage: String = #"{"prompt_tokens":100,"total_tokens":100}"#)
        -> ScriptedReply
    {
        let items = (0..<count).map { #"{"object":"embedding","index":\#($0),"embedding":[0.5,-0.5]}"# }
        return .json(
            #"{"object":"list","model":"vectors-test","data":[\#(items.joined(separator: ","))],"usage":\#(usage)}"#)
    }

    @Test(
        "every form of input goes to the named model as it is, and is booked by what its server counted",
        arguments: [
            (#""one text""#, 1), (#"["one","two"]"#, 2), ("[1,2,3]", 1), ("[[1,2],[3]]", 2),
        ])
    func inputs(input: String, count: Int) async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path == "/v1/embeddings" ? Self.vectors(count) : .status(404)
        } _: { service async throws in
            let body =
                #"{"model":"test/vectors","input":\#(input),"encoding_format":"float","dimensions":2,"user":"u"}"#
            let answer = try await service.send("POST", Self.path, body: body)
            #expect(answer.status == 200)
            let sent = try #require(service.models.record.requests.last)
            #expect(sent.bodyText == body.replacing("test/vectors", with: "vectors-test"))
            let root = try JSONDocument(Array(answer.text.utf8)).root
            #expect(root["data"]?.count == count)
            #expect(answer.headers["x-hera-model"] == "test/vectors")
            #expect(answer.headers["x-hera-cost-usd"] == "0.0001")
            let decision = try #require(answer.headers["x-hera-decision"])
            let stored = try await service.json("GET", "/v1/decisions/\(decision)").root
            #expect(stored["stage"]?.string == "pinned")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["calls"]?.integer == 1)
            #expect(totals?["cost_usd"]?.numberText == "0.0001")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test(
        "each invalid request has its status and a hint",
        arguments: [
            (#"{"input":"x"}"#, 400, "model: is missing"),
            (#"{"model":"test/vectors"}"#, 400, "input: is missing"),
            (#"{"model":"test/vectors","input":[]}"#, 400, "input: must be"),
            (#"{"model":"test/vectors","input":["a",""]}"#, 400, "input: has an empty text"),
            (#"{"model":"test/vectors","input":[["a"]]}"#, 400, "input: must be"),
            (#"{"model":"test/vectors","input":"x","encoding_format":"hex"}"#, 400, "encoding_format: must be"),
            (#"{"model":"test/vectors","input":"x","dimensions":0}"#, 400, "dimensions: must be"),
            (
                #"{"model":"hera","input":"x"}"#, 400,
                "vectors of different models cannot be compared, so nothing is routed here; these do: test/vectors"
            ),
            (#"{"model":"test/cheap","input":"x"}"#, 400, "test/cheap makes no embeddings; these do: test/vectors"),
            (#"{"model":"test/vectorz","input":"x"}"#, 404, "did you mean 'test/vectors'?"),
        ])
    func mistakes(body: String, status: Int, message: String) async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.vectors(1)
        } _: { service async throws in
            let answer = try await service.json("POST", Self.path, body: body)
            #expect(answer.status == status)
            let text = answer.root["error"]?["message"]?.string ?? ""
            #expect(text.contains(message), "got: \(text)")
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" }, "no model is called")
        }
    }

    @Test("a model that makes vectors is never routed to, and is refused for answers")
    func neverRouted() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            .completion("4")
        } _: { service async throws in
            let user = #""messages":[{"role":"user","content":"x"}]"#
            let decision = try await service.json("POST", "/v1/route", body: #"{"model":"hera",\#(user)}"#).root
            #expect(decision["candidates"]?.count == 2)
            let pinned = try await service.json(
                "POST", "/v1/chat/completions", body: #"{"model":"test/vectors",\#(user)}"#)
            #expect(pinned.status == 400)
            let listed = try await service.send("GET", "/v1/models").text
            #expect(listed.contains("test/vectors"))
        }
    }

    @Test("only what may have been billed is booked where the model's server fails")
    func faults() async throws {
        var settings = Settings()
        for (reply, status, uncertain) in [
            (ScriptedReply.status(503), 502, 0), (.status(429, retryAfter: "7"), 429, 0), (.status(400), 400, 0),
            (.json("{not json"), 502, 1), (Self.vectors(2), 502, 1), (.nothing(.hang), 504, 1),
        ] {
            // Only the silent server needs a short timeout.
            settings.limits.firstByteSeconds = status == 504 ? 0.3 : 30
            try await TestService.with(settings: settings, catalog: TestModels.mixed) { _ in
                reply
            } _: { service async throws in
                let answer = try await service.json(
                    "POST", Self.path, body: #"{"model":"test/vectors","input":"some words"}"#)
                #expect(answer.status == status)
                #expect(answer.root["error"]?["message"]?.string?.isEmpty == false)
                let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
                #expect((totals?["uncertain"]?.integer ?? 0) == uncertain)
                #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
                #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
            }
        }
    }

    @Test("where the server counts nothing, the call is booked as uncertain")
    func uncounted() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.vectors(1, usage: "null")
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: #"{"model":"vectors-test","input":"12345678"}"#)
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-cost-usd"] == "0.000002", "four bytes a token")
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["uncertain"]?.integer == 1)
        }
    }

    @Test("what the catalog has no price for is booked at the upper bound, and the answer is given")
    func unpriced() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.vectors(1, usage: #"{"prompt_tokens":8,"prompt_tokens_details":{"audio_tokens":8}}"#)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", Self.path, body: #"{"model":"test/vectors","input":"12345678"}"#)
            #expect(answer.status == 200)
            let totals = try await service.json("GET", "/v1/dashboard").root["totals"]
            #expect(totals?["uncertain"]?.integer == 1)
            #expect(totals?["cost_usd"]?.numberText == answer.headers["x-hera-cost-usd"])
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("a key's models hold")
    func keys() async throws {
        try await TestService.with(key: "secret", catalog: TestModels.mixed) { _ in
            Self.vectors(1)
        } _: { service async throws in
            let body = #"{"model":"test/vectors","input":"x"}"#
            let chats = AccessKey(team: "red", createdAt: .now(), models: ModelFilter(allow: [TestModels.cheap]))
            let text = try await service.stepService.ledger.createKey(chats, budgets: [])
            let denied = try await service.send(
                "POST", Self.path, body: body, headers: [("authorization", "Bearer \(text)")])
            #expect(denied.status == 400 && denied.text.contains("this key may not use test/vectors"))
        }
    }

    @Test("a repetition under one Idempotency-Key is paid once")
    func repetition() async throws {
        try await TestService.with(catalog: TestModels.mixed) { _ in
            Self.vectors(1)
        } _: { service async throws in
            for _ in 0..<2 {
                let answer = try await service.send(
                    "POST", Self.path, body: #"{"model":"test/vectors","input":"x"}"#,
                    headers: [("idempotency-key", "k")])
                #expect(answer.status == 200 && answer.headers["x-hera-cost-usd"] == "0.0001")
            }
            #expect(service.models.record.requests.filter { $0.method == "POST" }.count == 1)
        }
    }
}
