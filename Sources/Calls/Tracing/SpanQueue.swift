import CoreMetrics
import Synchronization

/// Spans that have ended and wait for their export. Bounded: what does not fit is dropped and counted.
package final class SpanQueue: Sendable {
    private struct State {
        var spans: [RecordedSpan] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let mostSpans: Int
    private let signal: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let droppedCounter = Counter(label: "hera_spans_dropped")

    /// - Parameter mostSpans: spans that wait at the same time.
    package init(mostSpans: Int = 2048) {
        self.mostSpans = mostSpans
        (signal, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Spans that were dropped so far.
    package var dropped: Int { state.withLock { $0.dropped } }

    func add(_ span: RecordedSpan) {
        let (isDropped, isHalfFull) = state.withLock { state in
            guard state.spans.count < mostSpans else {
                state.dropped += 1
                return (true, true)
            }
            state.spans.append(span)
            return (false, state.spans.count == mostSpans / 2)
        }
        if isDropped { droppedCounter.increment() }
        if isHalfFull { wake() }
    }

    /// Counts spans that were taken and could not be delivered.
    func drop(_ count: Int) {
        state.withLock { $0.dropped += count }
        droppedCounter.increment(by: count)
    }

    /// Takes the oldest spans.
    func take(_ most: Int) -> [RecordedSpan] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(most))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Asks for an export now.
    package func wake() { waker.yield() }

    /// Ends `wakes`.
    func close() { waker.finish() }

    /// An element for each time that an export is wanted before its time.
    var wakes: AsyncStream<Void> { signal }
}
