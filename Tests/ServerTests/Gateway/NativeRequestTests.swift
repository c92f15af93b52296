import Domain
import JSON
import ScriptedUpstream
import Testing
import Upstream

@Suite("Requests that only some models can serve")
struct NativeRequestTests {
    private static let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
    private static let pdf = "JVBERi0="

    private static func with(_ body: @escaping @Sendable (TestService) async throws -> Void) async throws {
        try await TestService.with(catalog: TestModels.mixed) { request in
            request.path.hasSuffix("/messages")
                ? .message("four", usage: usage) : .completion("four", usage: usage)
        } _: { service async throws in
            try await body(service)
        }
    }

    private static func messages(_ content: String, _ members: String = "") -> String {
        let rest = members.isEmpty ? "" : ",\(members)"
        return #"{"model":"hera","max_tokens":50,"messages":[{"role":"user","content":\#(content)}]\#(rest)}"#
    }

    @Test("tools of Anthropic's schema go to an Anthropic model alone, unchanged")
    func tools() async throws {
        try await Self.with { service async throws in
            let tools = #""tools":[{"type":"bash_20250124","name":"bash"}]"#
            let answer = try await service.send("POST", "/v1/messages", body: Self.messages(#""hi""#, tools))
            #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/claude")
            #expect(service.models.record.requests.last?.bodyText.contains(tools) == true)
            let named = try await service.json(
                "POST", "/v1/messages",
                body: Self.messages(#""hi""#, tools).replacing(#""hera""#, with: #""test/cheap""#))
            #expect(named.status == 422)
            #expect(named.root["error"]?["message"]?.string?.contains("anthropic format alone") == true)
        }
    }

    @Test("a PDF goes to a model that reads PDFs, from every dialect")
    func documents() async throws {
        try await Self.with { service async throws in
            let data = "data:application/pdf;base64,\(Self.pdf)"
            let requests = [
                (
                    "/v1/messages",
                    Self.messages(
                        #"[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"\#(Self.pdf)"}}]"#
                    )
                ),
                (
                    "/v1/chat/completions",
                    Self.messages(#"[{"type":"file","file":{"filename":"a.pdf","file_data":"\#(data)"}}]"#)
                ),
                (
                    "/v1/responses",
                    #"{"model":"hera","input":[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"\#(data)"}]}]}"#
                ),
            ]
            for (path, body) in requests {
                let answer = try await service.send("POST", path, body: body)
                #expect(answer.status == 200 && answer.headers["x-hera-model"] == "test/claude", "\(path)")
                let sent = try #require(service.models.record.requests.last)
                let block = try JSONDocument(sent.body).root["messages"]?[0]?["content"]?[0]
                #expect(block?["type"]?.string == "document", "\(path)")
                #expect(block?["source"]?["data"]?.string == Self.pdf, "\(path)")
            }
            let named = try await service.json(
                "POST", "/v1/chat/completions",
                body: requests[1].1.replacing(#""hera""#, with: #""test/cheap""#))
            #expect(named.status == 422)
            #expect(named.root["error"]?["message"]?.string?.contains("'pdf'") == true)
        }
    }

    @Test("a session goes on after its agent has read a PDF that no model reads")
    func unreadable() async throws {
        try await Self.with { service async throws in
            let block =
                #"{"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"\#(Self.pdf)"}}"#
            let body = #"""
                {"model":"test/cheap","max_tokens":50,"messages":[{"role":"user","content":"read it"},
                {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"Read","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[\#(block)]}]}]}
                """#
            let answer = try await service.send("POST", "/v1/messages", body: body)
            #expect(answer.status == 200)
            let sent = try #require(service.models.record.requests.last).bodyText
            #expect(sent.contains("The file 'a.pdf' stood here.") && !sent.contains(Self.pdf))
        }
    }

    @Test("clients whose base URL has no /v1 are served, too")
    func baseURL() async throws {
        try await Self.with { service async throws in
            let chat = Self.messages(#""hi""#)
            let calls = [
                ("/chat/completions", chat), ("/messages", chat), ("/responses", #"{"model":"hera","input":"hi"}"#),
                ("/completions", #"{"model":"hera","prompt":"hi"}"#),
                ("/embeddings", #"{"model":"test/cheap","input":"hi"}"#),
            ]
            for (path, body) in calls {
                let answer = try await service.send("POST", path, body: body)
                #expect(answer.status == (path == "/embeddings" ? 400 : 200), "\(path): \(answer.text)")
            }
            #expect(try await service.json("GET", "/models").root["object"]?.string == "list")
            #expect(try await service.json("GET", "/models/test/cheap").root["id"]?.string == "test/cheap")
        }
    }

    @Test("log-probabilities are asked of a model that gives them")
    func logProbabilities() async throws {
        try await Self.with { service async throws in
            let body = Self.messages(#""hi""#, #""logprobs":true"#)
            let answer = try await service.send("POST", "/v1/chat/completions", body: body)
            #expect(answer.headers["x-hera-model"] == "test/cheap")
            let named = try await service.json(
                "POST", "/v1/chat/completions", body: body.replacing(#""hera""#, with: #""test/claude""#))
            #expect(named.status == 422)
            #expect(named.root["error"]?["message"]?.string?.contains("'logprobs'") == true)
        }
    }

    @Test("a file by its id is reserved as the whole context of its model")
    func fileByID() async throws {
        try await TestService.with { _ in
            .completion("four", usage: Self.usage)
        } _: { service async throws in
            func ask(budget: String) async throws -> Int {
                let body = Self.messages(
                    #"[{"type":"file","file":{"file_id":"file-1"}}]"#, #""hera":{"budget_usd":\#(budget)}"#)
                return try await service.send(
                    "POST", "/v1/chat/completions", body: body.replacing(#""hera","#, with: #""test/dear","#)
                ).status
            }
            // 100,000 tokens at the 12.50 USD a million of a cache's writing are 1.25 USD.
            let refused = try await ask(budget: "1.2")
            #expect([402, 422].contains(refused))
            #expect(service.models.record.requests.allSatisfy { $0.method == "GET" })
            let status = try await ask(budget: "1.4")
            #expect(status == 200)
        }
    }
}
