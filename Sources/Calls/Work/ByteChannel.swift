import Synchronization

/// A bounded pipe of bytes from the task that reads an upstream to the one that writes to the client.
///
/// The writer waits while the reader is behind; it learns when the reader has gone, and may then go on without it.
package final class ByteChannel: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var bytes = 0
        var isFinished = false
        var readerHasGone = false
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var writer: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: bytes held for the reader before the writer has to wait.
    package init(capacity: Int = 256 << 10) {
        self.capacity = capacity
    }

    /// Gives bytes to the reader; false where nobody will read them.
    package func send(_ piece: [UInt8]) async -> Bool {
        await withCheckedContinuation { writer in
            state.withLock { state in
                if state.readerHasGone || state.isFinished {
                    writer.resume(returning: !state.readerHasGone)
                } else if let reader = state.reader {
                    state.reader = nil
                    reader.resume(returning: piece)
                    writer.resume(returning: true)
                } else {
                    state.pieces.append(piece)
                    state.bytes += piece.count
                    if state.bytes < capacity { writer.resume(returning: true) } else { state.writer = writer }
                }
            }
        }
    }

    /// The same, where a reader that takes nothing for so long counts as gone.
    package func send(_ piece: [UInt8], within patience: Duration) async -> Bool {
        let mayWait = state.withLock { $0.reader == nil && $0.bytes + piece.count >= capacity }
        guard mayWait else { return await send(piece) }
        return await withDiscardingTaskGroup { group in
            group.addTask { if (try? await Task.sleep(for: patience)) != nil { self.readerHasGone() } }
            let isRead = await send(piece)
            group.cancelAll()
            return isRead
        }
    }

    /// Whether the reader has gone.
    package var isAbandoned: Bool { state.withLock { $0.readerHasGone } }

    /// Ends the stream: the reader gets what is left, and then nothing more.
    package func finish() {
        state.withLock { state in
            state.isFinished = true
            state.reader?.resume(returning: nil)
            state.reader = nil
            state.writer?.resume(returning: true)
            state.writer = nil
        }
    }

    /// The reading end. To be made once; when it is dropped, the writer learns that nobody reads.
    package func reader() -> ByteChannelReader { ByteChannelReader(self) }

    fileprivate func next() async -> [UInt8]? {
        await withCheckedContinuation { reader in
            state.withLock { state in
                if !state.pieces.isEmpty {
                    let piece = state.pieces.count == 1 ? state.pieces[0] : Array(state.pieces.joined())
                    state.pieces = []
                    state.bytes = 0
                    state.writer?.resume(returning: true)
                    state.writer = nil
                    reader.resume(returning: piece)
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
            state.pieces = []
            state.writer?.resume(returning: false)
            state.writer = nil
            state.reader?.resume(returning: nil)
            state.reader = nil
        }
    }
}

/// The reading end of a `ByteChannel`: all bytes in order, in pieces of any size.
package final class ByteChannelReader: AsyncSequence, Sendable {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: ByteChannelReader

        package mutating func next() async -> [UInt8]? { await reader.relay.next() }
    }

    private let relay: ByteChannel

    fileprivate init(_ relay: ByteChannel) {
        self.relay = relay
    }

    deinit {
        relay.readerHasGone()
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: self) }

    /// Tells the writer at once that nobody reads any more.
    package func cancel() { relay.readerHasGone() }
}
