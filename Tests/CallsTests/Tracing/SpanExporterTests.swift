import Calls
import Domain
import JSON
import Logging
import ScriptedUpstream
import TestSupport
import Testing
import Tracing
import Upstream

@Suite("Spans by OTLP")
struct SpanExporterTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The spans that a collector got.
    private static func spans(_ server: ScriptedUpstream) throws -> [JSONValue] {
        try server.record.requests.flatMap { request in
            let scopes = try JSONDocument(request.body).root["resourceSpans"]?[0]?["scopeSpans"]
            return scopes?[0]?["spans"].map { Array($0.elements) } ?? []
        }
    }

    @Test("a span goes to the collector with its trace, parent, time and attributes")
    func exported() async throws {
        try await Loopback.with { _ in
            .json("{}")
        } _: { loopback async throws in
            let queue = SpanQueue()
            let tracer = SpanTracer(queue: queue, share: 0)
            let exporter = SpanExporter(
                queue: queue, url: loopback.server.baseURL + "/v1/traces", headers: [("x-team", "red")],
                upstream: loopback.client, logger: Self.logger)
            let context = InstrumentationContext(TraceContext(traceparent: Self.parent, tracestate: "a=1"))
            let span = tracer.startSpan("chat m", context: context, ofKind: .client)
            span.updateAttributes {
                $0["gen_ai.usage.input_tokens"] = 12
                $0["hera.uncertain"] = false
            }
            span.recordError(UpstreamError.cancelled)
            #expect(span.isRecording)
            span.end()
            span.end()
            #expect(!span.isRecording)
            await exporter.export()
            await exporter.export()
            let request = try #require(loopback.server.record.requests.first)
            #expect(loopback.server.record.requests.count == 1)
            #expect(request.path.hasSuffix("/v1/traces") && request.header("x-team") == "red")
            let sent = try #require(try Self.spans(loopback.server).first)
            #expect(sent["traceId"]?.string == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(sent["parentSpanId"]?.string == "00f067aa0ba902b7")
            #expect(sent["spanId"]?.string?.count == 16 && sent["kind"]?.integer == 3)
            #expect(sent["traceState"]?.string == "a=1" && sent["status"]?["code"]?.integer == 2)
            let start = try #require(sent["startTimeUnixNano"]?.string.flatMap { UInt64($0) })
            #expect(try #require(sent["endTimeUnixNano"]?.string.flatMap { UInt64($0) }) >= start)
            let attributes = sent["attributes"]?.elements.map { ($0["key"]?.string, $0["value"]) } ?? []
            #expect(attributes.first { $0.0 == "gen_ai.usage.input_tokens" }?.1?["intValue"]?.string == "12")
            #expect(attributes.first { $0.0 == "hera.uncertain" }?.1?["boolValue"]?.boolean == false)
        }
    }

    @Test("a caller that does not record its trace gets no spans, and a share of none records nothing")
    func unsampled() {
        let queue = SpanQueue()
        let tracer = SpanTracer(queue: queue, share: 0)
        let notSampled = TraceContext(traceparent: String(Self.parent.dropLast()) + "0")
        for trace in [notSampled, nil] {
            let span = tracer.startSpan("x", context: InstrumentationContext(trace))
            #expect(!span.isRecording)
            span.end()
        }
        #expect(SpanTracer(queue: queue, share: 1).startSpan("x", context: InstrumentationContext(nil)).isRecording)
    }

    @Test("what does not fit, and what the collector refuses, is dropped and counted", arguments: [200, 503])
    func dropped(status: Int) async throws {
        try await Loopback.with { _ in
            .json("{}", status: status)
        } _: { loopback async throws in
            let queue = SpanQueue(mostSpans: 4)
            let tracer = SpanTracer(queue: queue, share: 1)
            for _ in 0..<6 { tracer.startSpan("x", context: InstrumentationContext(nil)).end() }
            #expect(queue.dropped == 2)
            await SpanExporter(
                queue: queue, url: loopback.server.baseURL, upstream: loopback.client, logger: Self.logger
            ).export()
            #expect(queue.dropped == (status == 200 ? 2 : 6))
            #expect(try Self.spans(loopback.server).count == 4)
        }
    }
}
