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
