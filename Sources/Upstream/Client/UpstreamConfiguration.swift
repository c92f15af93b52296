/// Limits and trust of the client, the same for every call.
package struct UpstreamConfiguration: Sendable {
    /// Transfers on the network at the same time, over all hosts.
    package var maximumConcurrent: Int
    /// Transfers on the network at the same time to one host and port.
    package var maximumConcurrentPerHost: Int
    /// Calls that may wait for a free transfer; the next one fails with ``UpstreamError/overloaded(waiting:)``.
    package var maximumWaiting: Int
    /// Idle connections kept open for the next call.
    package var maximumIdleConnections: Int
    /// Bytes of an answer's head, trailers included.
    package var maximumHeadBytes: Int
    /// Bytes of an answer's body held for a consumer that is behind, before the server is made to wait.
    package var bufferBytes: Int
    /// How long transfers may go on after a graceful shutdown has begun.
    package var shutdownGrace: Duration
    /// A file of certificate authorities (PEM) in place of the system's, or nil.
    package var certificateAuthorityFile: String?
    /// `http://host:port` of a proxy; nil connects directly, whatever the environment says.
    package var proxyURL: String?

    package init(
        maximumConcurrent: Int = 512, maximumConcurrentPerHost: Int = 256, maximumWaiting: Int = 4096,
        maximumIdleConnections: Int = 64, maximumHeadBytes: Int = 64 << 10, bufferBytes: Int = 256 << 10,
        shutdownGrace: Duration = .seconds(20), certificateAuthorityFile: String? = nil, proxyURL: String? = nil
    ) {
        self.maximumConcurrent = maximumConcurrent
        self.maximumConcurrentPerHost = maximumConcurrentPerHost
        self.maximumWaiting = maximumWaiting
        self.maximumIdleConnections = maximumIdleConnections
        self.maximumHeadBytes = maximumHeadBytes
        self.bufferBytes = bufferBytes
        self.shutdownGrace = shutdownGrace
        self.certificateAuthorityFile = certificateAuthorityFile
        self.proxyURL = proxyURL
    }
}

/// How long a call may take.
package struct UpstreamTimeouts: Hashable, Sendable {
    /// Name resolution, TCP and TLS.
    package var connect: Duration
    /// From the start of the transfer (after any wait for a free slot) to the first byte of the answer's head.
    package var firstByte: Duration
    /// Between two pieces of the answer; stands still while the consumer is behind.
    package var idle: Duration
    /// Everything from `send` on, waiting for a slot and a slow consumer included.
    package var total: Duration

    package init(
        connect: Duration = .seconds(5), firstByte: Duration = .seconds(120), idle: Duration = .seconds(60),
        total: Duration = .seconds(600)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

extension Duration {
    /// Rounded up, so that a timer never rings early.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// For reports.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
