/// An answer whose head is there and whose body is on its way.
package struct UpstreamResponse: Sendable {
    /// The HTTP status; 4xx and 5xx are answers too.
    package let status: Int
    package let headers: UpstreamHeaders
    package let timing: UpstreamTiming
    /// To be read once, by one task. A body that nobody holds any more is given up.
    package let body: UpstreamBody

    init(head: ResponseHead, body: UpstreamBody) {
        status = head.status
        headers = head.headers
        timing = head.timing
        self.body = body
    }

    /// The whole body; throws ``UpstreamError/tooLarge(host:limit:)``, and gives up, when it has more bytes than that.
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

    /// Gives the answer up where it has not ended by then.
    package func end(within patience: Duration) {
        body.end(within: patience)
    }

    /// Gives the answer up: the connection (or the HTTP/2 stream) is closed, and reading ends with
    /// ``UpstreamError/cancelled``.
    package func cancel() {
        body.cancel()
    }
}

/// The bytes of an answer as they come, in pieces of any size. While its reader is behind, the server is held back.
package struct UpstreamBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = UpstreamError

    /// Gives the transfer up when nobody can read it any more.
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

        /// The next piece, or nil at the end of a complete answer.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(UpstreamError) -> [UInt8]? {
            try await lease.channel.next().get()
        }
    }

    private let lease: Lease
    /// Host and port that answer.
    package let host: String

    init(channel: ResponseChannel, host: String) {
        lease = Lease(channel: channel)
        self.host = host
    }

    /// Bytes that wait for the reader; bounded by the configuration.
    package var bufferedBytes: Int { lease.channel.bufferedBytes }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lease: lease)
    }

    func cancel() {
        lease.channel.cancel()
    }

    func end(within patience: Duration) {
        lease.channel.expire(after: patience)
    }
}
