package import Domain
import Synchronization
package import Tracing

/// The place in a trace that a service context has.
enum TraceContextKey: InstrumentationContextKey {
    typealias Value = TraceContext
}

extension InstrumentationContext {
    /// The place in a trace; nil outside of any.
    package var trace: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }

    /// The context of a place in a trace.
    package init(_ trace: TraceContext?) {
        self = .topLevel
        self.trace = trace
    }
}

/// A span that is exported when it ends.
package final class RecordedSpan: Tracing.Span {
    /// What is known of the span so far.
    struct Facts: Sendable {
        var name: String
        var attributes = SpanAttributes()
        var status: SpanStatus?
        var events: [SpanEvent] = []
        var end: UInt64?
    }

    /// The context for spans below this one.
    package let context: InstrumentationContext
    /// The place of the span.
    package let trace: TraceContext
    /// The span above this one; nil for the first of a trace.
    let parent: UInt64?
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    private let facts: Mutex<Facts>
    /// Takes the span when it ends; nil where the trace is not sampled.
    private let queue: SpanQueue?

    init(
        _ name: String, trace: TraceContext, parent: UInt64?, context: InstrumentationContext, kind: SpanKind,
        start: UInt64, queue: SpanQueue?
    ) {
        self.trace = trace
        self.parent = parent
        self.kind = kind
        self.start = start
        self.queue = queue
        var context = context
        context.trace = trace
        self.context = context
        facts = Mutex(Facts(name: name))
    }

    /// Whether the trace is recorded, and the span has not ended.
    package var isRecording: Bool { queue != nil && facts.withLock { $0.end == nil } }

    /// What is done.
    package var operationName: String {
        get { facts.withLock { $0.name } }
        set { facts.withLock { $0.name = newValue } }
    }

    /// Facts by name.
    package var attributes: SpanAttributes {
        get { facts.withLock { $0.attributes } }
        set { facts.withLock { $0.attributes = newValue } }
    }

    /// Says how it ended.
    package func setStatus(_ status: SpanStatus) { facts.withLock { $0.status = status } }

    /// Adds a moment of note.
    package func addEvent(_ event: SpanEvent) { facts.withLock { $0.events.append(event) } }

    /// Only the kind of an error is recorded: its words may repeat a prompt.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        var attributes = attributes
        attributes["exception.type"] = String(describing: type(of: error))
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
        setStatus(SpanStatus(code: .error))
    }

    /// Links are not exported.
    package func addLink(_ link: SpanLink) {}

    /// Ends the span and hands it to the exporter; a second end changes nothing.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let moment = instant().nanosecondsSinceEpoch
        let isFirst = facts.withLock { facts in
            guard facts.end == nil else { return false }
            facts.end = max(moment, start)
            return true
        }
        if isFirst { queue?.add(self) }
    }

    var read: Facts { facts.withLock { $0 } }
}
