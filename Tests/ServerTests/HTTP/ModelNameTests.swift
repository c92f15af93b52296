import Catalog
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Model names over HTTP")
struct ModelNameTests {
    private static let path = "/v1/messages"

    private static func body(_ model: String) -> String {
        #"{"model":"\#(model)","max_tokens":9,"messages":[{"role":"user","content":"x"}]}"#
    }

    private static func settings(_ aliases: String) throws -> Settings {
        let json = #"{"policies":{"cheap":{"models":{"allow":["test/cheap"]}}},"aliases":\#(aliases)}"#
        let catalog = TestModels.mixed(baseURL: "http://127.0.0.1:1", today: Timestamp.now().day)
        return try Settings(json: JSONDocument(Array(json.utf8)).root).resolved(in: catalog)
    }

    @Test("clients with names of their own are served, and decision and entry say what was asked and who answered")
    func aliases() async throws {
        let settings = try Self.settings(
            #"{"claude-haiku-*":"hera/cheap","claude-*":"hera","gpt-5":"test/claude","*embedding*":"hera","old-vectors":"test/vectors"}"#
        )
        try await TestService.with(settings: settings, catalog: TestModels.mixed) { request in
            request.path == "/v1/messages"
                ? .message("4", usage: ScriptedUsage(promptTokens: 10, completionTokens: 1)) : .completion("4")
        } _: { service async throws in
            for (name, model, stage, policy) in [
                ("claude-haiku-4-5-20251001", "test/cheap", nil, "cheap"), ("gpt-5", "test/claude", "pinned", nil),
                ("claude-test-20250101", nil, nil, nil), ("test/claude-latest", "test/claude", "pinned", nil),
            ] as [(String, String?, String?, String?)] {
                let answer = try await service.send("POST", Self.path, body: Self.body(name))
                #expect(answer.status == 200, "\(name): \(answer.text)")
                let served = try #require(answer.headers["x-hera-model"])
                if let model { #expect(served == model) }
                let id = try #require(answer.headers["x-hera-decision"])
                let decision = try await service.json("GET", "/v1/decisions/\(id)").root
                #expect(decision["asked"]?.string == name)
                #expect(decision["model"]?.string == served)
                if let stage { #expect(decision["stage"]?.string == stage) }
                let run = try #require(decision["run"]?.string)
                let entry = try #require(
                    try await service.stepService.ledger.read { try $0.entries(ofRun: run) }.first {
                        $0.call.decisionID == id
                    })
                #expect(entry.call.model.rawValue == served)
                #expect(entry.call.policy == policy)
            }
            let plain = try await service.send("POST", Self.path, body: Self.body("hera/cheap"))
            let id = try #require(plain.headers["x-hera-decision"])
            #expect(try await service.json("GET", "/v1/decisions/\(id)").root["asked"] == nil)
            let unknown = try await service.send("POST", Self.path, body: Self.body("gpt-6"))
            #expect(unknown.status == 404 && unknown.text.contains("did you mean 'gpt-5'?"), "\(unknown.text)")
        }
    }

    @Test("a model that makes vectors is found by its alias, and a pattern for chats does not take its name away")
    func embeddings() async throws {
        let settings = try Self.settings(#"{"vectors-*":"hera","old-vectors":"test/vectors"}"#)
        try await TestService.with(settings: settings, catalog: TestModels.mixed) { _ in
            .json(
                #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]}],"model":"v","usage":{"prompt_tokens":1,"total_tokens":1}}"#
            )
        } _: { service async throws in
            for name in ["old-vectors", "vectors-test"] {
                let answer = try await service.send(
                    "POST", "/v1/embeddings", body: #"{"model":"\#(name)","input":"x"}"#)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.headers["x-hera-model"] == "test/vectors")
            }
        }
    }

    @Test("a key that may use no dear model gets none by an alias")
    func keys() async throws {
        let settings = try Self.settings(#"{"gpt-5":"test/claude","claude-*":"hera"}"#)
        try await TestService.with(settings: settings, catalog: TestModels.mixed) { _ in
            .completion("4")
        } _: { service async throws in
            let key = AccessKey(
                team: "red", createdAt: .now(), models: ModelFilter(allow: [TestModels.cheap]), policy: "cheap")
            let text = try await service.stepService.ledger.createKey(key, budgets: [])
            let headers = [("x-api-key", text)]
            let refused = try await service.send("POST", Self.path, body: Self.body("gpt-5"), headers: headers)
            #expect(refused.status == 400 && refused.text.contains("this key may not use test/claude"))
            let answer = try await service.send("POST", Self.path, body: Self.body("claude-x"), headers: headers)
            #expect(answer.status == 200)
            let run = try #require(answer.headers["x-hera-decision"])
            let decision = try #require(try await service.stepService.ledger.read { try $0.decision(run) })
            let entries = try await service.stepService.ledger.read { try $0.entries(ofRun: decision.decision.runID) }
            #expect(entries.map(\.call.policy) == ["cheap"], "the key's own policy stands for `hera`")
        }
    }

    @Test("the list of models has policies, aliases and models, in the form of the client's dialect")
    func list() async throws {
        let settings = try Self.settings(#"{"claude-*":"hera","gpt-5":"test/claude"}"#)
        try await TestService.with(settings: settings, catalog: TestModels.mixed) { _ in
            .completion("x")
        } _: { service async throws in
            let names = ["hera", "hera/cheap", "gpt-5", "test/cheap", "test/claude", "test/vectors"]
            let openAI = try await service.json("GET", "/v1/models").root
            #expect(openAI["object"]?.string == "list")
            #expect(openAI["data"]?.elements.compactMap { $0["id"]?.string } == names)
            #expect(openAI["data"]?.elements.compactMap { $0["alias_of"]?.string } == ["test/claude"])
            #expect(openAI["aliases"]?["claude-*"]?.string == "hera")
            let answer = try await service.send("GET", "/v1/models?limit=1000", headers: [("anthropic-version", "x")])
            let anthropic = try JSONDocument(Array(answer.text.utf8)).root
            #expect(anthropic["data"]?.elements.compactMap { $0["id"]?.string } == names)
            #expect(anthropic["data"]?.elements.allSatisfy { $0["type"]?.string == "model" } == true)
            #expect(
                anthropic["data"]?.elements.allSatisfy { $0["display_name"] != nil && $0["created_at"] != nil } == true)
            #expect(anthropic["has_more"]?.boolean == false)
            #expect(anthropic["first_id"]?.string == "hera" && anthropic["last_id"]?.string == "test/vectors")
        }
    }
}
