import Calls
import Catalog
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Requests that a model's server refuses")
struct RefusalTests {
    private static let usage = ScriptedUsage(promptTokens: 20, completionTokens: 4)
    private static let user = #""messages":[{"role":"user","content":"2+2?"}]"#

    /// Whether a request is for the cheap model, which the rule asks first here.
    private static func isCheap(_ request: ScriptedRequest) -> Bool { request.model == "test/cheap" }

    private static func posts(_ service: TestService) -> [ScriptedRequest] {
        service.models.record.requests.filter { $0.method == "POST" }
    }

    private static func with(
        catalog: @escaping @Sendable (String, CalendarDay) -> ModelCatalog = TestModels.catalog,
        script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable (TestService) async throws -> Void
    ) async throws {
        try await TestService.with(estimator: TestEstimator(), catalog: catalog, script: script, body)
    }

    @Test(
        "the next candidate answers what one model refuses",
        arguments: [
            ScriptedReply.status(400, message: "no"), .status(413, message: "Request Entity Too Large"),
            .status(422, message: "Unprocessable"), .status(400, message: "stop is not supported"),
            .json("not json at all", status: 400), .raw("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
        ], [false, true])
    func next(refusal: ScriptedReply, isStream: Bool) async throws {
        try await Self.with { request in
            if Self.isCheap(request) { return refusal }
            return isStream ? .stream(["four"], usage: Self.usage) : .completion("four", usage: Self.usage)
        } _: { service async throws in
            let body = #"{"model":"hera","stop":["x"],"stream":\#(isStream),\#(Self.user)}"#
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.status == 200 && answer.text.contains("four"), "\(answer.text)")
            #expect(Self.posts(service).map(\.model) == ["test/cheap", "test/dear"])
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }

    @Test("what every candidate refuses is the caller's error, with the message that tells most")
    func all() async throws {
        try await Self.with { request in
            Self.isCheap(request)
                ? .status(400, message: "bad request")
                : .status(422, message: "stop must be a string", code: "invalid_stop")
        } _: { service async throws in
            let answer = try await service.json(
                "POST", "/v1/chat/completions", body: #"{"model":"hera",\#(Self.user)}"#)
            #expect(answer.status == 400)
            #expect(answer.root["error"]?["code"]?.string == "refused_by_model")
            #expect(answer.root["error"]?["message"]?.string?.contains("stop must be a string") == true)
            #expect(Self.posts(service).count == 2)
        }
    }

    @Test("a refusal by one and a failure of another is no mistake of the caller's")
    func mixed() async throws {
        try await Self.with {
            Self.isCheap($0) ? .status(400) : .status(500)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"hera",\#(Self.user)}"#)
            #expect(answer.status == 502)
        }
    }

    /// A server that takes no temperature, no `store`, no developer and no `max_completion_tokens`.
    @Sendable
    private static func picky(_ request: ScriptedRequest) -> ScriptedReply {
        guard let root = try? JSONDocument(request.body).root else { return .status(500) }
        if root["temperature"] != nil {
            return .status(
                400, message: "Unsupported value: 'temperature' does not support 0.2 with this model.",
                code: "unsupported_value")
        }
        if root["messages"]?.elements.contains(where: { $0["role"]?.isString("developer") == true }) == true {
            return .status(400, message: "unknown role 'developer': use system, user or assistant")
        }
        for name in ["store", "max_completion_tokens"] where root[name] != nil {
            return .json(
                #"{"detail":[{"type":"extra_forbidden","loc":["body","\#(name)"],"msg":"Extra inputs are not permitted"}]}"#,
                status: 422)
        }
        return root["stream"]?.boolean == true
            ? .stream(["four"], usage: usage) : .completion("four", usage: usage)
    }

    @Test("a pinned model is asked again without what its server does not take, and the next time at once")
    func mended() async throws {
        try await Self.with(script: Self.picky) { service async throws in
            let messages = #""messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"2+2?"}]"#
            for isStream in [false, true, false] {
                let body =
                    #"{"model":"test/cheap","temperature":0.2,"store":true,"max_completion_tokens":9,"stream":\#(isStream),\#(messages)}"#
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                #expect(answer.status == 200 && answer.text.contains("four"), "\(answer.text)")
            }
            let posts = Self.posts(service)
            #expect(posts.count == 5 + 1 + 1, "each thing is refused once")
            let last = try JSONDocument(try #require(posts.last).body).root
            #expect(last["max_tokens"]?.integer == 9 && last["store"] == nil && last["temperature"] == nil)
            let entries = try await service.stepService.ledger.read { try $0.verify() }
            #expect(entries.isSound)
        }
    }

    @Test("a wrong value of one caller takes no member from the next, and is a 400 with the server's words")
    func wrongValue() async throws {
        try await Self.with { request in
            let root = try? JSONDocument(request.body).root
            guard let temperature = root?["temperature"]?.double, temperature > 1 else {
                return .completion("four", usage: Self.usage)
            }
            return .status(
                400,
                message:
                    "Invalid 'temperature': decimal above maximum value. Expected a value <= 1, but got 1.99 instead.",
                code: "decimal_above_max_value")
        } _: { service async throws in
            func send(_ temperature: String) async throws -> (status: Int, text: String) {
                let body = #"{"model":"test/cheap","temperature":\#(temperature),\#(Self.user)}"#
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                return (answer.status, answer.text)
            }
            let wrong = try await send("1.99")
            #expect(wrong.status == 400 && wrong.text.contains("above maximum value"), "\(wrong.text)")
            #expect(try await send("0").status == 200)
            let last = try JSONDocument(try #require(Self.posts(service).last).body).root
            #expect(last["temperature"]?.double == 0)
        }
    }

    @Test("what one model does not take is still sent to another")
    func perModel() async throws {
        try await Self.with { request in
            Self.isCheap(request) ? Self.picky(request) : .completion("four", usage: Self.usage)
        } _: { service async throws in
            for model in ["test/cheap", "test/dear"] {
                let body = #"{"model":"\#(model)","temperature":0.2,\#(Self.user)}"#
                #expect(try await service.send("POST", "/v1/chat/completions", body: body).status == 200)
            }
            let last = try JSONDocument(try #require(Self.posts(service).last).body).root
            #expect(last["temperature"]?.double == 0.2)
        }
    }

    /// The cheap model with a short context, and the dear one with a long one.
    @Sendable
    private static func contexts(baseURL: String, today: CalendarDay) -> ModelCatalog {
        let catalog = TestModels.catalog(baseURL: baseURL, today: today)
        let models = catalog.models.map { model in
            Model(
                id: model.id, provider: model.provider, endpoint: model.endpoint, placement: model.placement,
                tier: model.tier, contextTokens: model.id == TestModels.cheap ? 50_000 : 200_000,
                maxOutputTokens: model.maxOutputTokens, capabilities: model.capabilities, prices: model.prices,
                speed: model.speed)
        }
        return ModelCatalog(models: models, version: "test")
    }

    private static let overflow = "This model's maximum context length is 50000 tokens."

    @Test("a prompt too long for one model goes to one with more context")
    func longer() async throws {
        try await Self.with(catalog: Self.contexts) { request in
            Self.isCheap(request)
                ? .status(400, message: Self.overflow, code: "context_length_exceeded")
                : .completion("four", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: #"{"model":"hera",\#(Self.user)}"#)
            #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/dear")
        }
    }

    @Test("a prompt too long for the model with the most context is so in the client's terms, and no other is asked")
    func tooLong() async throws {
        try await Self.with(catalog: Self.contexts) { _ in
            .status(400, message: "Input is too long for requested model.")
        } _: { service async throws in
            let chat = try await service.json(
                "POST", "/v1/chat/completions", body: #"{"model":"test/dear",\#(Self.user)}"#)
            #expect(chat.status == 400 && chat.root["error"]?["code"]?.string == "context_length_exceeded")
            let message = try await service.json(
                "POST", "/v1/messages", body: #"{"model":"hera","max_tokens":9,\#(Self.user)}"#)
            #expect(message.status == 400 && message.root["error"]?["type"]?.string == "invalid_request_error")
            #expect(message.root["error"]?["message"]?.string?.hasPrefix("prompt is too long") == true)
        }
    }

    @Test("models of equal context are not asked after a prompt that was too long for one")
    func sameContext() async throws {
        try await Self.with { _ in
            .status(400, message: Self.overflow)
        } _: { service async throws in
            let answer = try await service.json(
                "POST", "/v1/chat/completions", body: #"{"model":"hera",\#(Self.user)}"#)
            #expect(answer.root["error"]?["code"]?.string == "context_length_exceeded")
            #expect(Self.posts(service).count == 1)
        }
    }

    @Test("a candidate that is no better, dearer and no faster answers where the reference fails")
    func dominated() async throws {
        let estimator = TestEstimator(cheapQuality: 0.8, dearQuality: 0.8)
        for fault in [ScriptedReply.status(500), .nothing(.close), .json("{"), .status(400), .status(404)] {
            try await TestService.with(estimator: estimator) { request in
                Self.isCheap(request) ? fault : .completion("four", usage: Self.usage)
            } _: { service async throws in
                let body = #"{"model":"hera",\#(Self.user)}"#
                let answer = try await service.send("POST", "/v1/chat/completions", body: body)
                #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/dear", "\(answer.text)")
            }
        }
    }

    @Test("a row of a batch that one model refuses is answered by another, and by none it is an error")
    func batch() async throws {
        try await BatchTests.with { request in
            let row = BatchProcessTests.row(of: request)
            if row == "row-2" { return .status(400, message: "no such thing") }
            if row == "row-1", Self.isCheap(request) { return .status(422, message: "not here") }
            if row == "row-3", !Self.isCheap(request) { return .status(422, message: "not here") }
            return BatchTests.answer(request)
        } _: { service, client async throws in
            let id = try await client.batch(BatchClient.rows(1...4), more: #","metadata":{"budget_usd":"0.5"}"#)
            let batch = try await client.wait(id)
            let counts = batch["request_counts"]
            #expect(counts?["completed"]?.integer == 3 && counts?["failed"]?.integer == 1, "\(counts as Any)")
            let asked = Self.posts(service).filter { BatchProcessTests.row(of: $0) == "row-2" }.map(\.model)
            #expect(Set(asked) == ["test/cheap", "test/dear"] && asked.count == 2)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }
}
