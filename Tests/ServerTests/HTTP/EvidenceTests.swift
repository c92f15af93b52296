import Catalog
import Domain
import JSON
import Ledger
import Routing
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Evidence about answers, live")
struct LiveEvidenceTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)

    /// The test catalog with a cheap model whose server gives log-probabilities for nothing.
    @Sendable private static func catalog(baseURL: String, today: CalendarDay) -> ModelCatalog {
        let models = TestModels.catalog(baseURL: baseURL, today: today).models.map { model in
            guard model.id == TestModels.cheap else { return model }
            return Model(
                id: model.id, provider: model.provider, endpoint: model.endpoint, placement: model.placement,
                tier: model.tier, contextTokens: model.contextTokens, maxOutputTokens: model.maxOutputTokens,
                capabilities: model.capabilities, prices: model.prices, speed: model.speed, logProbabilities: .free)
        }
        return ModelCatalog(models: models, version: "test")
    }

    private func body(
        _ policy: String = #""kappa":"priced","verify":{"on":"auto","samples":0}"#, members: String = ""
    ) -> String {
        #"{"model":"hera","hera":{\#(policy)},\#(members)"messages":[{"role":"user","content":"What is 2+2?"}]}"#
    }

    /// An answer with log-probabilities of its tokens.
    private static func answer(_ text: String, logarithm: String, tokens: Int = 16) -> ScriptedReply {
        let token =
            #"{"token":" 4","logprob":\#(logarithm),"bytes":[52],"top_logprobs":[{"token":" 4","logprob":-0.9}]}"#
        let list = [String](repeating: token, count: tokens).joined(separator: ",")
        return .json(
            """
            {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",\
            "message":{"role":"assistant","content":"\(text)"},"logprobs":{"content":[\(list)]}}],\
            "usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}
            """, usage: ("m", usage))
    }

    private func evidence(_ service: TestService, _ headers: UpstreamHeaders) async throws -> [[String: String]] {
        let id = try #require(headers["x-hera-decision"])
        let decision = try await service.json("GET", "/v1/decisions/\(id)").root
        let pieces = decision["attempts"]?.elements.first { _ in true }?["evidence"]?.elements
        return pieces.map { list in
            list.map { ["name": $0["name"]?.string ?? "", "words": $0["words"]?.string ?? ""] }
        } ?? []
    }

    private static func member(_ name: String, of request: ScriptedRequest) -> JSONValue? {
        (try? JSONDocument(request.body))?.root[name]
    }

    private let near = TestEstimator(cheapQuality: 0.79, dearQuality: 0.8)

    @Test("log-probabilities are asked for where they are free, weighed, listed, and kept from the client")
    func free() async throws {
        try await TestService.with(estimator: near, catalog: Self.catalog) { request in
            request.model == "test/cheap"
                ? Self.answer("It is 4.", logarithm: "-0.01") : .completion("4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body())
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            #expect(!answer.text.contains("logprob\""))
            #expect(answer.text.contains(#""logprobs":null"#))
            let sent = try #require(service.models.record.requests.first { $0.method == "POST" })
            #expect(Self.member("logprobs", of: sent)?.boolean == true)
            let pieces = try await evidence(service, answer.headers)
            #expect(pieces.first?["name"] == "token_probability")
            #expect(pieces.first?["words"]?.contains("entropy at decisions") == true)
        }
    }

    @Test("a client that asks for log-probabilities gets them")
    func asked() async throws {
        try await TestService.with(estimator: near, catalog: Self.catalog) { _ in
            Self.answer("It is 4.", logarithm: "-0.01")
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: body(members: #""logprobs":true,"#))
            #expect(answer.text.contains(#""logprob":-0.01"#))
        }
    }

    @Test("a very uncertain answer goes to the better model, and both are booked")
    func uncertain() async throws {
        try await TestService.with(estimator: near, catalog: Self.catalog) { request in
            request.model == "test/cheap"
                ? Self.answer("It is 5.", logarithm: "-3.5") : .completion("4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body())
            #expect(answer.headers["x-hera-model"] == "test/dear")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.json("GET", "/v1/dashboard").root["totals"]?["calls"]?.integer == 2)
        }
    }

    @Test(
        "a server that lies about log-probabilities is not believed, and the call goes on",
        arguments: ["0", "null", "\"NaN\"", "3"])
    func lies(logarithm: String) async throws {
        try await TestService.with(estimator: near, catalog: Self.catalog) { _ in
            Self.answer("It is 4.", logarithm: logarithm)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: body())
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let pieces = try await evidence(service, answer.headers)
            #expect(pieces.first?["words"]?.hasPrefix("dropped: ") == true)
        }
    }

    @Test("a server that refuses log-probabilities is asked without them, and not asked for them again")
    func refused() async throws {
        try await TestService.with(estimator: near, catalog: Self.catalog) { request in
            Self.member("logprobs", of: request) == nil
                ? .completion("4", usage: Self.usage) : .status(400, message: "this model does not give logprobs")
        } _: { service async throws in
            for _ in 0..<2 {
                let answer = try await service.send("POST", "/v1/chat/completions", body: body())
                #expect(answer.headers["x-hera-model"] == "test/cheap")
            }
            #expect(service.models.record.requests.count { $0.method == "POST" } == 3)
        }
    }

    @Test("a held-back stream is judged by its log-probabilities and forwarded without them")
    func stream() async throws {
        let event =
            #"data: {"choices":[{"index":0,"delta":{"content":"4 "},"logprobs":{"content":[{"token":"4","logprob":-0.01}]}}]}"#
        let events =
            [String](repeating: event, count: 14) + [
                #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
                #"data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}"#,
                "data: [DONE]",
            ]
        try await TestService.with(estimator: near, catalog: Self.catalog) { _ in
            .events(events, bill: ("m", Self.usage))
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: body(#""kappa":"priced","verify":{"on":true,"samples":0}"#, members: #""stream":true,"#))
            #expect(answer.text.contains(#""content":"4 ""#))
            #expect(!answer.text.contains("logprob\""))
            let sent = try #require(service.models.record.requests.first { $0.method == "POST" })
            #expect(Self.member("logprobs", of: sent)?.boolean == true)
        }
    }

    @Test("a further answer is bought where it is worth its price, the answer of the majority is kept, all is booked")
    func samples() async throws {
        let estimator = TestEstimator(cheapQuality: 0.6, dearQuality: 0.61)
        try await TestService.with(estimator: estimator) { request in
            let isFirst = Self.member("temperature", of: request) == nil
            return .completion(isFirst ? "The answer is 5" : "The answer is 4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: body(#""kappa":"priced","verify":{"on":"auto","samples":2}"#))
            let id = try #require(answer.headers["x-hera-decision"])
            let decision = try await service.json("GET", "/v1/decisions/\(id)").root
            let attempts = Array(try #require(decision["attempts"]?.elements))
            let posts = service.models.record.requests.count { $0.method == "POST" }
            #expect(posts >= 2)
            #expect(attempts.count == posts)
            #expect(attempts.count { $0["accepted"]?.boolean == true } == 1)
            #expect(attempts.allSatisfy { $0["entry"]?.string != nil })
            #expect(try await service.json("GET", "/v1/dashboard").root["totals"]?["calls"]?.integer == Int64(posts))
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
            #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
        }
    }

    @Test("a second opinion is bought where it is worth its price, listed with what it said and its price, and booked")
    func opinions() async throws {
        let estimator = TestEstimator(cheapQuality: 0.6, dearQuality: 0.8)
        for words in ["The answer is 1234", "The answer is 99"] {
            try await TestService.with(estimator: estimator) { request in
                .completion(request.model == "test/cheap" ? "The answer is 1234" : words, usage: Self.usage)
            } _: { service async throws in
                let answer = try await service.send(
                    "POST", "/v1/chat/completions",
                    body: body(#""kappa":"priced","verify":{"on":"auto","samples":0,"opinions":2}"#))
                let id = try #require(answer.headers["x-hera-decision"])
                let decision = try await service.json("GET", "/v1/decisions/\(id)").root
                let attempts = Array(try #require(decision["attempts"]?.elements))
                let posts = service.models.record.requests.count { $0.method == "POST" }
                #expect(attempts.count == posts)
                #expect(attempts.count { $0["accepted"]?.boolean == true } == 1)
                if attempts.count > 1 {
                    let pieces = attempts.flatMap { $0["evidence"].map { Array($0.elements) } ?? [] }
                    let agreement = try #require(pieces.first { $0["name"]?.string == "agreement" }?["words"]?.string)
                    #expect(agreement.contains(words.hasSuffix("1234") ? "it agrees with" : "it is not the answer of"))
                    #expect(agreement.contains("asked for about $"))
                }
                #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
                #expect(try await service.stepService.ledger.read { try $0.verify() }.isSound)
            }
        }
    }

    @Test("the operator's check rejects an answer, and one that hangs is a line and no verdict")
    func checks() async throws {
        func settings(_ script: String) -> Settings {
            var settings = Settings()
            settings.defaultPolicy.verification.mode = .on
            settings.defaultPolicy.checks = [
                AnswerCheckRule(
                    name: "even", kind: .command(["/bin/sh", "-c", script]), timeoutSeconds: 1, outputBytes: 1000)
            ]
            return settings
        }
        let question = #"{"model":"hera","messages":[{"role":"user","content":"What is 2+2?"}]}"#
        try await TestService.with(settings: settings("grep -q 4 || { echo no four; exit 1; }"), estimator: near) {
            .completion($0.model == "test/cheap" ? "5" : "4", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send("POST", "/v1/chat/completions", body: question)
            #expect(answer.headers["x-hera-model"] == "test/dear")
            let id = try #require(answer.headers["x-hera-decision"])
            let first = try await service.json("GET", "/v1/decisions/\(id)").root["attempts"]?.elements
                .first { _ in true }
            #expect(first?["words"]?.string == "the check even fails: no four")
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
        for (script, words) in [("sleep 60", "did not end"), ("yes", "wrote more than"), ("exit 127", "not be run")] {
            try await TestService.with(settings: settings(script), estimator: near) { _ in
                .completion("5", usage: Self.usage)
            } _: { service async throws in
                let answer = try await service.send("POST", "/v1/chat/completions", body: question)
                #expect(answer.headers["x-hera-model"] == "test/cheap")
                let pieces = try await evidence(service, answer.headers)
                #expect(pieces.contains { $0["name"] == "even" && $0["words"]?.contains(words) == true })
            }
        }
    }

    @Test("a caller's schema and pattern reject answers that do not fit")
    func callersChecks() async throws {
        let checks =
            #"[{"type":"json_schema","schema":{"type":"object","required":["n"]}},{"type":"regex","pattern":"[0-9]"}]"#
        try await TestService.with(estimator: near) {
            .completion(
                $0.model == "test/cheap" ? "Sure! It is four." : "Here:\n```json\n{\"n\": 4}\n```", usage: Self.usage)
        } _: { service async throws in
            let answer = try await service.send(
                "POST", "/v1/chat/completions",
                body: body(#""kappa":"priced","verify":{"on":true,"samples":0},"checks":\#(checks)"#))
            #expect(answer.headers["x-hera-model"] == "test/dear")
        }
    }
}
