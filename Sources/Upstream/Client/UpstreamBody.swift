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
