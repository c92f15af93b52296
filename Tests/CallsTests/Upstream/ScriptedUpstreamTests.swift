import Calls
import Dialects
import Domain
import JSON
import ScriptedUpstream
import TestSupport
import Testing
import Upstream

@Suite("The scripted server")
struct ScriptedUpstreamTests {
    private static let usage = ScriptedUsage(promptTokens: 100, cachedTokens: 40, completionTokens: 20)

    @Test("replies of a list come in order, the last one for ever")
    func replies() async throws {
        let server = try await ScriptedUpstream.start(replies: [.json("1"), .json("2"), .json("3")])
        let client = UpstreamClient()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            var bodies: [String] = []
            for _ in 0..<4 {
                let response = try await client.send(UpstreamRequest(url: server.baseURL))
                bodies.append(String(decoding: try await response.collect(upTo: 10), as: UTF8.self))
            }
            #expect(bodies == ["1", "2", "3", "3"])
            group.cancelAll()
            try await group.waitForAll()
        }
        try await server.stop()
        #expect(server.record.calls == 4)
    }

    @Test("the bill has what was given out: nothing of a stream that was cut, unless it is billed first")
    func bill() async throws {
        try await Loopback.with { request in
            .stream(["a", "b", "c"], model: "m", usage: Self.usage, billsFirst: request.bodyText == "first")
                .cut(afterBytes: 500, by: .close)
        } _: { loopback async throws in
            #expect(await loopback.failure(loopback.request(body: "last")) != nil)
            #expect(loopback.server.record.bill.isEmpty)
            #expect(await loopback.failure(loopback.request(body: "first")) != nil)
            #expect(loopback.server.record.bill == ["m": Self.usage])
            #expect(loopback.server.record.billedCalls == ["m": 1])
        }
    }

    @Test("its Anthropic answers, whole and streamed, say what is on the bill", arguments: [false, true])
    func anthropic(isStreaming: Bool) async throws {
        try await Loopback.with { request in
            request.isStreaming
                ? .messageStream(["one ", "two"], model: request.model, usage: Self.usage)
                : .message("one two", model: request.model, usage: Self.usage)
        } _: { loopback async throws in
            let call = try ChatCall.sample(
                #"{"messages":[{"role":"user","content":"hi"}]}"#, wire: .anthropic, baseURL: loopback.server.baseURL,
                isStreaming: isStreaming)
            let response = try await loopback.client.open(call)
            let bytes = try await response.collect(upTo: 10_000)
            let answer: ChatAnswer
            if isStreaming {
                var reader = ChatStreamReader(wire: .anthropic, host: response.body.host)
                _ = try reader.feed(bytes)
                #expect(reader.isComplete)
                answer = reader.answer
            } else {
                answer = try AnthropicWire().answer(bytes, host: response.body.host).answer
            }
            #expect(answer.text == "one two")
            #expect(answer.model == "served-name")
            #expect(answer.usage == Usage(input: 60, cachedRead: 40, output: 20))
            #expect(loopback.server.record.bill == ["served-name": Self.usage])
        }
    }

    @Test("its string literals are JSON for any text")
    func quoting() throws {
        let text = "a\"\\\u{1}\n\t\u{1F600}"
        #expect(try JSONDocument(Array(ScriptedReply.quoted(text).utf8)).root.string == text)
    }
}
