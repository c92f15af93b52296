import Calls
import JSON
import Logging
import ScriptedUpstream
import Steps
import TestSupport
import Testing
import Upstream

@Suite("Traces over HTTP")
struct TraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private static func body(_ isStream: Bool) -> String {
        #"{"model":"test/cheap","stream":\#(isStream),"messages":[{"role":"user","content":"a secret prompt"}]}"#
    }

    private static func with(_ body: @escaping @Sendable (TestService) async throws -> Void) async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
        try await TestService.with { request in
            request.bodyText.contains(#""stream":true"#)
                ? .stream(["four"], usage: usage) : .completion("four", usage: usage)
        } _: { service async throws in
            try await body(service)
        }
    }

    @Test("the model's server is told the caller's trace in a span of its own", arguments: [false, true])
    func passedOn(isStream: Bool) async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(isStream),
                headers: [("traceparent", Self.parent), ("tracestate", "vendor=x")])
            #expect(answer.status == 200)
            #expect(answer.headers["x-hera-trace"] == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(answer.headers["traceresponse"]?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
            let asked = try #require(service.models.record.requests.last { $0.method == "POST" })
            let sent = try #require(asked.header("traceparent"))
            #expect(sent.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") && sent.hasSuffix("-01"))
            #expect(sent != Self.parent)
            #expect(asked.header("tracestate") == "vendor=x")
        }
    }

    @Test("a call without a trace, or with one that is no trace, gets none", arguments: [nil, "00-nonsense"])
    func none(_ header: String?) async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: Self.body(false),
                headers: header.map { [("traceparent", $0)] } ?? [])
            #expect(answer.status == 200 && answer.headers["x-hera-trace"] == nil)
            let asked = try #require(service.models.record.requests.last { $0.method == "POST" })
            #expect(asked.header("traceparent") == nil)
        }
    }

    @Test("spans have names, counts and money, and nothing of the prompt or the answer", arguments: [false, true])
    func spans(isStream: Bool) async throws {
        let usage = ScriptedUsage(promptTokens: 100, completionTokens: 10)
        try await ScriptedUpstream.with { _ in
            .json("{}")
        } _: { collector async throws in
            let queue = SpanQueue()
            try await TestService.with(tracer: SpanTracer(queue: queue, share: 1)) { request in
                request.bodyText.contains(#""stream":true"#)
                    ? .stream(["four"], usage: usage) : .completion("four", usage: usage)
            } _: { service async throws in
                let answer = try await service.send("POST", "/v1/chat/completions", body: Self.body(isStream))
                #expect(answer.status == 200)
                let trace = try #require(answer.headers["x-hera-trace"])
                let exporter = SpanExporter(
                    queue: queue, url: collector.baseURL, upstream: service.client,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let sent = try await waitFor("both spans") { () -> String? in
                    await exporter.export()
                    let text = collector.record.requests.map(\.bodyText).joined()
                    return text.contains("http.route") && text.contains("gen_ai.usage") ? text : nil
                }
                #expect(sent.contains(#""traceId":"\#(trace)""#))
                for part in [
                    #""name":"chat test/cheap""#, #""name":"POST /v1/chat/completions""#,
                    #"{"key":"gen_ai.usage.input_tokens","value":{"intValue":"100"}}"#,
                    #"{"key":"gen_ai.usage.output_tokens","value":{"intValue":"10"}}"#,
                    #"{"key":"gen_ai.provider.name","value":{"stringValue":"test"}}"#,
                ] {
                    #expect(sent.contains(part), "\(part)")
                }
                #expect(!sent.contains("secret prompt") && !sent.contains("four"))
            }
        }
    }

    @Test("errors carry the trace, too")
    func errors() async throws {
        try await Self.with { service in
            let answer = try await service.send(
                "POST", "/v1/chat/completions", body: "{}", headers: [("traceparent", Self.parent)])
            #expect(answer.status == 400)
            #expect(answer.headers["x-hera-trace"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        }
    }
}
