/// A response whose head is complete and whose body is streaming.
package struct UpstreamResponse: Sendable {
    /// HTTP status; 4xx and 5xx are responses too.
    package let status: Int
    package let headers: UpstreamHeaders
    package let timing: UpstreamTiming
    /// Readable once, by one task. Releasing all references aborts the transfer.
    package let body: UpstreamBody

    init(head: ResponseHead, body: UpstreamBody) {
        status = head.status
        headers = head.headers
        timing = head.timing
        self.body = body
    }

    /// Reads the whole body; throws ``UpstreamError/tooLarge(host:limit:)`` and aborts above the limit.
    package func collect(upTo limit: Int) async throws(UpstreamError) -> [UInt8] {
        var bytes: [UInt8] = []
        var iterator = body.makeAsyncIterator()
        while let piece = try await iterator.next(isolation: nil) {
            guard bytes.count + piece.count <= limit else {
                cancel()
                throw .tooLarge(host: body.host, limit: limit)
            }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
        }
        return bytes
    }

    /// Aborts the transfer unless it ends within this time.
    package func end(within timeout: Duration) {
        body.end(within: timeout)
    }

    /// Aborts the transfer: closes the connection or HTTP/2 stream. Reading ends with ``UpstreamError/cancelled``.
    package func cancel() {
        body.cancel()
    }
}

/// The body of a response as a sequence of chunks, with backpressure on the server.
package struct UpstreamBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = UpstreamError

    /// Aborts the transfer when the last reader is released.
    fileprivate final class Lease: Sendable {
        let channel: ResponseChannel

        init(channel: ResponseChannel) {
            self.channel = channel
        }

        deinit {
            channel.cancel()
        }
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let lease: Lease

        fileprivate init(lease: Lease) {
            self.lease = lease
        }

        /// The next chunk, or nil at the end of a complete body.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(UpstreamError) -> [UInt8]? {
            try await lease.channel.next().get()
        }
    }

    private let lease: Lease
    /// Host and port of the server.
    package let host: String

    init(channel: ResponseChannel, host: String) {
        lease = Lease(channel: channel)
        self.host = host
    }

    /// Unread bytes, bounded by ``UpstreamConfiguration/bufferBytes``.
    package var bufferedBytes: Int { lease.channel.bufferedBytes }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lease: lease)
    }

    func cancel() {
        lease.channel.cancel()
    }

    func end(within timeout: Duration) {
        lease.channel.expire(after: timeout)
    }
}
