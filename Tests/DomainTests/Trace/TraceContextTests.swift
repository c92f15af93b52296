import Domain
import Testing

@Suite struct TraceContextTests {
    private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("a place is written as it was read")
    func same() throws {
        let trace = try #require(TraceContext(traceparent: Self.example, tracestate: "a=1,b=2"))
        #expect(trace.traceText == "4bf92f3577b34da6a3ce929d0e0e4736" && trace.spanText == "00f067aa0ba902b7")
        #expect(trace.isSampled && trace.traceparent == Self.example)
        #expect(trace.headers.map(\.1) == [Self.example, "a=1,b=2"])
    }

    @Test("a child is in the same trace, in a span of its own, with the same state")
    func child() throws {
        let trace = try #require(TraceContext(traceparent: Self.example, tracestate: "a=1"))
        let child = trace.child()
        #expect(child.traceText == trace.traceText && child.spanID != trace.spanID && child.spanID != 0)
        #expect(child.state == "a=1" && child.isSampled)
        #expect(TraceContext(traceparent: child.traceparent) != nil)
    }

    @Test(
        "what the standard calls invalid is ignored",
        arguments: [
            "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01x", "00_4bf92f3577b34da6a3ce929d0e0e4736-0-01",
        ])
    func invalid(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test("a later version may have more fields, and unknown flags are not kept")
    func later() throws {
        let text = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02-more"
        #expect(try #require(TraceContext(traceparent: text)).isSampled == false)
    }

    @Test("a state that no header may carry is left out")
    func badState() throws {
        #expect(try #require(TraceContext(traceparent: Self.example, tracestate: "a=1\r\nx: y")).state.isEmpty)
    }

    @Test("new traces have ids of their own")
    func fresh() {
        let (one, other) = (TraceContext(isSampled: false), TraceContext(isSampled: true))
        #expect(one.traceText != other.traceText && one.traceText.count == 32 && other.isSampled)
    }
}
