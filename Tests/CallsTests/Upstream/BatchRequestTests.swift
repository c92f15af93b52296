import Calls
import Domain
import JSON
import ScriptedUpstream
import TestSupport
import Testing

@testable import Dialects
@testable import Upstream

@Suite("What a provider's batch is asked with")
struct BatchRequestTests {
    private func row(_ body: String, number: Int = 0) throws -> ProviderBatchRow {
        ProviderBatchRow(
            customID: ProviderBatchSubmission.customID(of: number, in: "b-1"), body: try JSONDocument(Array(body.utf8)),
            maximumOutputTokens: 99)
    }

    @Test("OpenAI's rows have the model's name, no stream, and one line each, whatever the caller's body looks like")
    func openAIRow() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            var order = try loopback.order()
            order.removedMembers = ["hera"]
            order.rows = [
                try row(
                    """
                    {
                      "model": "hera", "stream": true, "stream_options": {"include_usage": true},
                      "hera": {"policy": "x"},\r
                      "messages": [{"role": "user", "content": "a\\nb"}], "seed": 7
                    }
                    """)
            ]
            _ = try await loopback.client.submit(order)
            let sent = try #require(loopback.batches.record.batches.first?.rows.first)
            let body = try JSONDocument(sent.body).root
            #expect(sent.customID == "b-1_0")
            #expect(sent.path == "/v1/chat/completions")
            #expect(body["model"]?.string == "gpt-batch")
            #expect(Set(body.members.map(\.key)) == ["model", "messages", "seed"])
            #expect(sent.prompt == "a\nb")
        }
    }

    @Test("OpenAI's batch carries our name in its metadata, and its file is uploaded before")
    func openAICreate() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            let batch = try await loopback.client.submit(try loopback.order("name-7"))
            #expect(batch.name == "name-7")
            let requests = loopback.loopback.server.record.requests
            #expect(requests.map(\.path) == ["/v1/files", "/v1/batches"])
            let body = try JSONDocument(requests[1].body).root
            #expect(body["metadata"]?["hera_batch"]?.string == "name-7")
            #expect(body["completion_window"]?.string == "24h")
            #expect(requests.allSatisfy { $0.header("authorization") == "Bearer \(Loopback.secret)" })
        }
    }

    @Test("Anthropic's rows are translated, as live calls are")
    func anthropicRow() async throws {
        try await BatchLoopback.with(.anthropic) { loopback async throws in
            var order = try loopback.order()
            order.rows = [
                try row(
                    """
                    {"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}],"stream":true}
                    """)
            ]
            _ = try await loopback.client.submit(order)
            let request = try #require(loopback.loopback.server.record.requests.first)
            #expect(request.path == "/v1/messages/batches")
            #expect(request.header("x-api-key") == Loopback.secret)
            #expect(request.header("anthropic-version") == "2023-06-01")
            let sent = try #require(loopback.batches.record.batches.first?.rows.first)
            let body = try JSONDocument(sent.body).root
            #expect(body["model"]?.string == "claude-batch")
            #expect(body["system"]?.string == "be brief")
            #expect(body["max_tokens"]?.integer == 99)
            #expect(body["stream"] == nil)
        }
    }

    @Test("a row that the provider cannot be asked is refused before anything is sent")
    func untranslatable() async throws {
        try await BatchLoopback.with(.anthropic) { loopback async throws in
            var order = try loopback.order()
            order.rows[1].body = try JSONDocument(
                Array(#"{"messages":[{"role":"user","content":"x"}],"n":2}"#.utf8))
            let failure = try #require(await loopback.failure(order))
            #expect("\(failure)".contains("one choice"))
            #expect(!failure.mayHaveMadeBatch)
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test(
        "names that could not be found again, or that providers refuse, are refused",
        arguments: ["", "with_underscore", "with space", "ä", String(repeating: "a", count: 41)])
    func names(name: String) async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            let failure = await loopback.failure(try loopback.order(name))
            #expect(failure?.mayHaveMadeBatch == false)
            #expect("\(String(describing: failure))".contains("name"))
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test(
        "rows that are not the order's, or occur twice, are refused", arguments: ["c-1_0", "b-1-0", "b-1_1", "b-1_ö"])
    func rowNames(customID: String) async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            var order = try loopback.order()
            order.rows[0].customID = customID
            guard case .invalidRequest = await loopback.failure(order) else {
                Issue.record("\(customID) was sent")
                return
            }
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test("an empty batch, and one with a row too many, are refused", arguments: [0, 50_001])
    func rowCount(rows: Int) async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            guard case .invalidRequest = await loopback.failure(try loopback.order(rows: rows)) else {
                Issue.record("\(rows) rows were sent")
                return
            }
            #expect(loopback.loopback.server.record.calls == 0)
        }
    }

    @Test("an endpoint without a batch interface, or with another provider's, is told what to set")
    func noInterface() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            var order = try loopback.order()
            for batches in [nil, BatchInterface.anthropic] {
                order.endpoint = Endpoint(
                    baseURL: loopback.loopback.server.baseURL, wire: .openAI, modelName: "m", keyVariable: nil,
                    batches: batches)
                let failure = try #require(await loopback.failure(order))
                #expect("\(failure)".contains("batch_api"))
                #expect(!failure.mayHaveMadeBatch)
            }
        }
    }

    @Test("rows of more bytes than the provider takes are refused while the file is written")
    func tooManyBytes() async throws {
        try await BatchLoopback.with(.openAI) { loopback async throws in
            let order = try loopback.order(rows: 10)
            let full = try #require(try OpenAIBatchWire().upload(order)).body.count
            var openAI = OpenAIBatchWire()
            openAI.limits = ProviderBatchLimits(rows: 10, bytes: full / 2, growth: 1)
            #expect(throws: openAI.limits.tooManyBytes) { _ = try openAI.upload(order) }
            var anthropic = AnthropicBatchWire()
            anthropic.limits = ProviderBatchLimits(rows: 10, bytes: 200, growth: 1)
            #expect(throws: anthropic.limits.tooManyBytes) {
                var order = order
                order.endpoint = BatchLoopback.endpoint(.anthropic, baseURL: order.endpoint.baseURL)
                _ = try anthropic.create(order, file: nil)
            }
        }
    }

    @Test("a row never takes more bytes than was said", arguments: BatchLifeTests.interfaces)
    func upperBytes(interface: ScriptedBatches.Interface) async throws {
        try await BatchLoopback.with(interface) { loopback async throws in
            let messages = (0..<200).map { #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"x"}"# }
            var order = try loopback.order()
            let many = try row(#"{"messages":[\#(messages.joined(separator: ","))]}"#)
            let escaped = try row(
                #"{"messages":[{"role":"user","content":"\#(String(repeating: "\\n\\u0001\\/", count: 500))"}]}"#,
                number: 1)
            order.rows = [many, escaped]
            _ = try await loopback.client.submit(order)
            let limits = try #require(order.endpoint.batches).limits
            let sent = try #require(loopback.loopback.server.record.requests.first).body.count
            #expect(sent <= order.rows.reduce(0) { $0 + limits.upperBytes(of: $1) })
        }
    }
}
