import Domain
package import Tracing

/// Makes spans that are exported by OTLP, and reads and writes W3C headers. It is the process' tracer where the settings
/// have `tracing`.
package struct SpanTracer: Tracer {
    private let queue: SpanQueue
    /// The share of traces that begin here and are recorded. Callers decide for theirs.
    private let share: Double

    /// - Parameters:
    ///   - queue: takes the spans that end.
    ///   - share: the recorded share of traces that begin here.
    package init(queue: SpanQueue, share: Double) {
        self.queue = queue
        self.share = share
    }

    /// Begins a span below the context's place, or a trace of its own.
    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> RecordedSpan {
        let context = context()
        let parent = context.trace
        let trace = parent?.child() ?? TraceContext(isSampled: Double.random(in: 0..<1) < share)
        return RecordedSpan(
            operationName, trace: trace, parent: parent?.spanID, context: context, kind: kind,
            start: instant().nanosecondsSinceEpoch, queue: trace.isSampled ? queue : nil)
    }

    /// Asks for an export now.
    package func forceFlush() { queue.wake() }

    /// Reads `traceparent` and `tracestate`.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: "traceparent", from: carrier) else { return }
        context.trace = TraceContext(
            traceparent: parent, tracestate: extractor.extract(key: "tracestate", from: carrier))
    }

    /// Writes `traceparent` and `tracestate`.
    package func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        for (name, value) in context.trace?.headers ?? [] { injector.inject(value, forKey: name, into: &carrier) }
    }
}
