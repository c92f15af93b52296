/// What came before the body.
struct ResponseHead: Hashable, Sendable {
    let status: Int
    let headers: UpstreamHeaders
    let timing: UpstreamTiming
}

/// When an answer began, in seconds.
package struct UpstreamTiming: Hashable, Sendable {
    /// From `send` to the start of the transfer: the wait for a free slot.
    package let queueSeconds: Double
    /// From the start of the transfer to a connection that is ready for the request; about 0 on a kept one.
    package let connectSeconds: Double
    /// From the start of the transfer to the first byte of the answer's head.
    package let firstByteSeconds: Double

    package init(queueSeconds: Double, connectSeconds: Double, firstByteSeconds: Double) {
        self.queueSeconds = queueSeconds
        self.connectSeconds = connectSeconds
        self.firstByteSeconds = firstByteSeconds
    }
}
