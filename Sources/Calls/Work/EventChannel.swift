package import Dialects
import Synchronization

/// A bounded channel of stream events, from the task that reads a model's server to the one that writes to the client.
///
/// The writer waits while the reader is behind. After the reader has gone, the writer may go on without it.
package final class EventChannel: Sendable {
    private struct State {
        var events: [ChatEvent] = []
        var bytes = 0
        var isFinished = false
        var readerHasGone = false
        var reader: CheckedContinuation<[ChatEvent]?, Never>?
        var writer: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())
    private let maximumBytes: Int
    private let maximumEvents: Int

    /// - Parameters:
    ///   - maximumBytes: what may be held before the writer has to wait.
    ///   - maximumEvents: the same in events, which also take memory of their own.
    package init(maximumBytes: Int = 256 << 10, maximumEvents: Int = 1024) {
        self.maximumBytes = maximumBytes
        self.maximumEvents = maximumEvents
    }

    /// Sends events. Returns false once the reader has gone.
    package func send(_ events: [ChatEvent]) async -> Bool {
        await withCheckedContinuation { writer in
            state.withLock { state in
                if state.readerHasGone || state.isFinished {
                    writer.resume(returning: !state.readerHasGone)
                } else if let reader = state.reader {
                    state.reader = nil
                    reader.resume(returning: events)
                    writer.resume(returning: true)
                } else {
                    if state.events.isEmpty { state.events = events } else { state.events += events }
                    state.bytes += events.byteCount
                    let isFull = state.bytes >= maximumBytes || state.events.count >= maximumEvents
                    if isFull { state.writer = writer } else { writer.resume(returning: true) }
                }
            }
        }
    }

    package func send(_ event: ChatEvent) async -> Bool { await send([event]) }

    /// Sends events. A reader that takes nothing for `patience` counts as gone.
    package func send(_ events: [ChatEvent], within patience: Duration) async -> Bool {
        let mayWait = state.withLock { state in
            state.reader == nil
                && (state.bytes + events.byteCount >= maximumBytes
                    || state.events.count + events.count >= maximumEvents)
        }
        guard mayWait else { return await send(events) }
        return await withDiscardingTaskGroup { group in
            group.addTask { if (try? await Task.sleep(for: patience)) != nil { self.readerHasGone() } }
            let isRead = await send(events)
            group.cancelAll()
            return isRead
        }
    }

    /// Whether the reader has gone.
    package var isAbandoned: Bool { state.withLock { $0.readerHasGone } }

    /// Ends the stream after the events that were sent.
    package func finish() {
        state.withLock { state in
            state.isFinished = true
            state.reader?.resume(returning: nil)
            state.reader = nil
            state.writer?.resume(returning: true)
            state.writer = nil
        }
    }

    /// The reading end; make it once. Dropping it tells the writer that the reader has gone.
    package func reader() -> EventChannelReader { EventChannelReader(self) }

    fileprivate func next() async -> [ChatEvent]? {
        await withCheckedContinuation { reader in
            state.withLock { state in
                if !state.events.isEmpty {
                    let events = state.events
                    state.events = []
                    state.bytes = 0
                    state.writer?.resume(returning: true)
                    state.writer = nil
                    reader.resume(returning: events)
                } else if state.isFinished {
                    reader.resume(returning: nil)
                } else {
                    state.reader = reader
                }
            }
        }
    }

    fileprivate func readerHasGone() {
        state.withLock { state in
            state.readerHasGone = true
            state.events = []
            state.writer?.resume(returning: false)
            state.writer = nil
            state.reader?.resume(returning: nil)
            state.reader = nil
        }
    }
}

/// The reading end of an ``EventChannel``: all events in order, as many at a time as there are.
package final class EventChannelReader: AsyncSequence, Sendable {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: EventChannelReader

        package mutating func next() async -> [ChatEvent]? { await reader.channel.next() }
    }

    private let channel: EventChannel

    fileprivate init(_ channel: EventChannel) {
        self.channel = channel
    }

    deinit {
        channel.readerHasGone()
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: self) }

    /// Tells the writer at once that the reader has gone.
    package func cancel() { channel.readerHasGone() }
}

extension [ChatEvent] {
    fileprivate var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
}
