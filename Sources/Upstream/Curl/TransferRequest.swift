/// Names one transfer of one client.
struct TransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64
}

/// A call on its way to the transfer thread.
struct TransferRequest: Sendable {
    let id: TransferID
    let request: UpstreamRequest
    let origin: Origin
    let channel: ResponseChannel
    let sentAt: ContinuousClock.Instant
}
