import Domain
import JSON
import Tracing

/// Spans as OTLP's JSON (opentelemetry-proto, `ExportTraceServiceRequest`).
struct SpanDocument {
    let spans: [RecordedSpan]

    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512 * (spans.count + 1))
        writer.object { root in
            root.member(
                "resourceSpans",
                array: { list in
                    list.object { resource in
                        resource.member("resource", object: { $0.member("attributes", array: Self.writeResource) })
                        resource.member(
                            "scopeSpans",
                            array: { scopes in
                                scopes.object { scope in
                                    scope.member("scope", object: { $0.member("name", "hera") })
                                    scope.member(
                                        "spans",
                                        array: { list in
                                            for span in spans { list.object { Self.write(span, into: &$0) } }
                                        })
                                }
                            })
                    }
                })
        }
        return writer.bytes
    }

    private static func writeResource(into list: inout JSONWriter) {
        let attributes = [("service.name", "hera"), ("service.version", HeraVersion.current)]
        for (name, value) in attributes {
            list.object { object in
                object.member("key", name)
                object.member("value", object: { $0.member("stringValue", value) })
            }
        }
    }

    private static func write(_ span: RecordedSpan, into object: inout JSONWriter) {
        let facts = span.read
        object.member("traceId", span.trace.traceText)
        object.member("spanId", span.trace.spanText)
        if !span.trace.state.isEmpty { object.member("traceState", span.trace.state) }
        if let parent = span.parent { object.member("parentSpanId", TraceContext.hex(parent)) }
        object.member("name", facts.name)
        object.member("kind", Self.number(of: span.kind))
        // 64-bit numbers are texts in protobuf's JSON.
        object.member("startTimeUnixNano", String(span.start))
        object.member("endTimeUnixNano", String(facts.end ?? span.start))
        object.member("attributes", array: { write(facts.attributes, into: &$0) })
        if !facts.events.isEmpty {
            object.member(
                "events",
                array: { list in
                    for event in facts.events {
                        list.object { object in
                            object.member("timeUnixNano", String(event.nanosecondsSinceEpoch))
                            object.member("name", event.name)
                            object.member("attributes", array: { write(event.attributes, into: &$0) })
                        }
                    }
                })
        }
        guard let status = facts.status else { return }
        object.member(
            "status",
            object: { object in
                object.member("code", status.code == .error ? 2 : 1)
                if let message = status.message { object.member("message", message) }
            })
    }

    private static func write(_ attributes: SpanAttributes, into list: inout JSONWriter) {
        attributes.forEach { name, value in
            list.object { object in
                object.member("key", name)
                object.member("value", object: { write(value, into: &$0) })
            }
        }
    }

    private static func write(_ value: SpanAttribute, into object: inout JSONWriter) {
        switch value {
        case .int32(let number): object.member("intValue", String(number))
        case .int64(let number): object.member("intValue", String(number))
        case .double(let number): object.member("doubleValue", number)
        case .bool(let truth): object.member("boolValue", truth)
        case .string(let text): object.member("stringValue", text)
        case .stringArray(let texts):
            object.member(
                "arrayValue",
                object: { array in
                    array.member(
                        "values",
                        array: { list in for text in texts { list.object { $0.member("stringValue", text) } } })
                })
        default: object.member("stringValue", "\(value)")
        }
    }

    private static func number(of kind: SpanKind) -> Int {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
