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
