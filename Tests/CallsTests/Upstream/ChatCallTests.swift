import Calls
import Dialects
import Domain
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("Chat calls over the network")
struct ChatCallTests {
    private static let usage = ScriptedUsage(
        promptTokens: 100, cachedTokens: 40, completionTokens: 20, reasoningTokens: 5)

    @Test("a complete answer agrees with the server's bill")
    func complete() async throws {
        try await Loopback.with { request in
            .completion("hello", model: request.model, usage: Self.usage)
        } _: { loopback async throws in
            let call = try ChatCall.sample(#"{"messages":[]}"#, baseURL: loopback.server.baseURL, key: "k")
            let chat = try await loopback.client.complete(call)
            #expect(chat.answer.text == "hello")
            #expect(chat.answer.model == "served-name")
            #expect(chat.answer.usage == Usage(input: 60, cachedRead: 40, output: 15, reasoning: 5))
            #expect(chat.timing.firstByteSeconds > 0)
            #expect(loopback.server.record.bill == ["served-name": Self.usage])
            #expect(loopback.server.record.requests.first?.header("authorization") == "Bearer k")
        }
    }

    @Test("a stream is read as it comes and agrees with the bill")
    func stream() async throws {
        try await Loopback.with { request in
            request.isStreaming && request.bodyText.contains("include_usage")
                ? .stream(["one ", "two"], model: request.model, usage: Self.usage) : .status(400)
        } _: { loopback async throws in
            let call = try ChatCall.sample("{}", baseURL: loopback.server.baseURL, isStreaming: true)
            let response = try await loopback.client.open(call)
            var reader = ChatStreamReader(wire: .openAI, host: response.body.host)
            var events: [ChatEvent] = []
            for try await piece in response.body { events += try reader.feed(piece) }
            #expect(reader.isComplete)
            #expect(reader.answer.text == "one two")
            #expect(reader.answer.usage == Usage(input: 60, cachedRead: 40, output: 15, reasoning: 5))
            #expect(events.last == .done)
            #expect(loopback.server.record.bill == ["served-name": Self.usage])
        }
    }

    @Test("a streamed tool call is put together")
    func toolCallStream() async throws {
        try await Loopback.with { _ in
            .toolCallStream("lookup", argumentPieces: ["{\"q\":", "\"a\\\"b\"}"])
        } _: { loopback async throws in
            let call = try ChatCall.sample("{}", baseURL: loopback.server.baseURL, isStreaming: true)
            let response = try await loopback.client.open(call)
            var reader = ChatStreamReader(wire: .openAI, host: response.body.host)
            for try await piece in response.body { _ = try reader.feed(piece) }
            #expect(
                reader.answer.toolCalls == [ToolCall(id: "call_1", name: "lookup", arguments: "{\"q\":\"a\\\"b\"}")])
        }
    }

    @Test("an error of the server is thrown with its words and the time to wait")
    func failure() async throws {
        try await Loopback.with { _ in
            .status(429, message: "slow down", code: "rate_limit_exceeded", retryAfter: "3")
        } _: { loopback async throws in
            let call = try ChatCall.sample("{}", baseURL: loopback.server.baseURL)
            await #expect(
                throws: UpstreamError.status(
                    UpstreamFailure(
                        status: 429, code: "rate_limit_exceeded", message: "slow down", retryAfterSeconds: 3,
                        isRetryable: true))
            ) { try await loopback.client.complete(call) }
        }
    }

    @Test("an error whose body breaks off keeps its status")
    func brokenFailure() async throws {
        try await Loopback.with { _ in
            .status(503, message: "loading").cut(afterBytes: 100, by: .close)
        } _: { loopback async throws in
            let call = try ChatCall.sample("{}", baseURL: loopback.server.baseURL)
            let error = await #expect(throws: UpstreamError.self) { try await loopback.client.complete(call) }
            guard case .status(let failure) = error else {
                Issue.record("not an error of the server: \(String(describing: error))")
                return
            }
            #expect(failure.status == 503)
        }
    }

    @Test("an answer that is no JSON is malformed")
    func invalidJSON() async throws {
        try await Loopback.with { _ in
            .json("{\"choices\": [")
        } _: { loopback async throws in
            let call = try ChatCall.sample("{}", baseURL: loopback.server.baseURL)
            let error = await #expect(throws: UpstreamError.self) { try await loopback.client.complete(call) }
            guard case .malformed = error else {
                Issue.record("not called malformed: \(String(describing: error))")
                return
            }
        }
    }
}
