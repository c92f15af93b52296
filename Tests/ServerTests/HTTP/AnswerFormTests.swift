import Calls
import Dialects
import Domain
import JSON
import Ledger
import ScriptedUpstream
import Steps
import Testing
import Upstream

@Suite("Answers in another wrapping than was asked for")
struct AnswerFormTests {
    private static let usage = #"{"prompt_tokens":100,"completion_tokens":10}"#
    private static let whole =
        #"{"id":"1","model":"m","choices":[{"index":0,"message":{"content":"It is 4."},"finish_reason":"stop"}],"#
        + #""usage":\#(usage)}"#
    private static let events = ScriptedReply.lines([
        #"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"It "}}]}"#,
        #"{"choices":[{"index":0,"delta":{"content":"is 4."},"finish_reason":"stop"}]}"#,
        #"{"choices":[],"usage":\#(usage)}"#, "[DONE]",
    ])
    private static let message =
        #"{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"It is 4."}],"#
        + #""stop_reason":"end_turn","usage":{"input_tokens":100,"output_tokens":10}}"#
    private static let messageEvents = ScriptedReply.lines([
        #"{"type":"message_start","message":{"id":"msg_1","model":"c","content":[],"usage":{"input_tokens":100}}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"It is 4."}}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":10}}"#,
        #"{"type":"message_stop"}"#,
    ])

    /// Bodies in all wrappings, with their types and encodings.
    private static func replies(_ whole: String, _ events: [UInt8]) -> [ScriptedReply] {
        let json = Array(whole.utf8)
        let lines = String(decoding: events, as: UTF8.self).replacing("\n\n", with: "\n")
        let objects = lines.replacing("data: ", with: "").replacing("[DONE]\n", with: "")
        return [
            .body(ScriptedReply.gzip(json), type: "application/json", encoding: "gzip"),
            .body(ScriptedReply.deflate(json), type: "application/json", encoding: "deflate", chunked: true),
            .body(ScriptedReply.gzip(events), type: "text/event-stream", encoding: "gzip", chunked: true),
            .body(events, type: "text/event-stream", chunked: true), .body(events, type: "application/json"),
            .body(events, type: nil), .body(Array(": hello\n\n".utf8) + events, type: "text/plain"),
            .body(json, type: "text/plain"), .body(json, type: nil),
            .body(Array(" \n\n".utf8) + json, type: "text/html"),
            .body(json, type: "text/event-stream", chunked: true),
            .body(Array(lines.utf8) + [0x0A], type: "text/event-stream", chunked: true),
            .body(Array(objects.utf8), type: "application/x-ndjson", chunked: true),
        ]
    }

    @Test(
        "every wrapping is read, passed on and booked by what it says", arguments: [false, true],
        ["test/cheap", "test/claude"])
    func wrappings(isStreaming: Bool, model: String) async throws {
        let isClaude = model == "test/claude"
        let replies = Self.replies(isClaude ? Self.message : Self.whole, isClaude ? Self.messageEvents : Self.events)
        try await TestService.with(catalog: TestModels.mixed) { request in
            // Each question has the number of its reply.
            let number = request.bodyText.split(separator: "wrapping ").last.flatMap { Int($0.prefix { $0.isNumber }) }
            return replies[number ?? 0]
        } _: { service async throws in
            for number in replies.indices {
                let (status, text, entry) = try await service.entry(
                    of: model, isStreaming ? #""stream":true"# : "", content: "wrapping \(number)")
                #expect(status == 200, "wrapping \(number)")
                if isStreaming {
                    var reader = ChatStreamReader(wire: .openAI, host: "test")
                    _ = try reader.feed(Array(text.utf8))
                    #expect(reader.answer.text == "It is 4." && reader.isComplete, "wrapping \(number)")
                } else {
                    let answer = try OpenAIWire().answer(Array(text.utf8), host: "test").answer
                    #expect(answer.text == "It is 4." && answer.finishReason == .stop, "wrapping \(number)")
                    #expect(answer.usage == Usage(input: 100, output: 10), "wrapping \(number)")
                }
                let booked = try #require(entry)
                #expect(booked.kind == .call && booked.result.usage == Usage(input: 100, output: 10))
            }
            #expect(service.models.record.requests.allSatisfy { $0.header("accept-encoding") == nil })
        }
    }

    @Test("an event of 6 MB, such as an image, is passed on and booked by what its stream says")
    func largeEvent() async throws {
        let image = String(repeating: "iVBORw0K", count: 750_000)
        let events = ScriptedReply.lines([
            #"{"model":"m","choices":[{"index":0,"delta":{"content":"","images":[{"image_url":{"url":"\#(image)"}}]}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            #"{"choices":[],"usage":\#(Self.usage)}"#, "[DONE]",
        ])
        try await TestService.with { _ in
            .body(events, type: "text/event-stream", chunked: true)
        } _: { service async throws in
            let (_, text, entry) = try await service.entry(#""stream":true"#)
            #expect(text.contains(image) && text.hasSuffix("data: [DONE]\n\n"))
            #expect(entry?.kind == .call && entry?.result.usage == Usage(input: 100, output: 10))
        }
    }

    @Test("events beyond the limit of answers, and streams that were cut off, are booked as uncertain")
    func limits() async throws {
        var settings = Settings()
        settings.limits.answerBytes = 100_000
        let large = ScriptedReply.lines([
            #"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"\#(String(repeating: "x", count: 200_000))"}}]}"#,
        ])
        let cut = ScriptedReply.lines([#"{"choices":[{"index":0,"delta":{"content":"It is"}}]}"#])
        try await TestService.with(settings: settings) { request in
            .body(request.isStreaming ? large : cut, type: "text/event-stream", chunked: true)
        } _: { service async throws in
            let streamed = try await service.entry(#""stream":true"#)
            #expect(streamed.text.contains(#""error""#) && streamed.entry?.kind == .uncertain)
            let whole = try await service.entry()
            #expect(whole.status == 502 && whole.entry?.kind == .uncertain)
            #expect(try await service.stepService.ledger.read { try $0.openReservations() }.isEmpty)
        }
    }
}
