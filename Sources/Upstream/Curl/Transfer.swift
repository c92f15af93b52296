import CCurl

/// One transfer, confined to the transfer thread. libcurl's callbacks write into it.
final class Transfer {
    typealias Instant = ContinuousClock.Instant

    let order: TransferRequest
    let easy: EasyHandle
    let startedAt: Instant
    private let maximumHeadBytes: Int
    /// The channel has data for a reader that has not been woken yet.
    var hasNews = false
    /// Schedules the reader's wakeup.
    private unowned let loop: TransferLoop
    private var head = HeadReader()
    private var bodyBytes = 0
    private var connectSeconds = 0.0
    /// Sends of the request, including libcurl's own retries on dead reused connections.
    private var requestsSent = 0
    private var hasTriedAgain = false
    private var lastByteAt: Instant?
    private var expiresAt: Instant?
    /// The reason for an abort inside a callback, which libcurl does not report.
    private var verdict: UpstreamError?
    private(set) var isPaused = false

    init(order: TransferRequest, easy: EasyHandle, loop: TransferLoop, maximumHeadBytes: Int, startedAt: Instant) {
        self.order = order
        self.loop = loop
        self.easy = easy
        self.maximumHeadBytes = maximumHeadBytes
        self.startedAt = startedAt
    }

    /// Configures the easy handle; throws on an option that libcurl rejects.
    func prepare(_ configuration: UpstreamConfiguration) throws(UpstreamError) {
        var code = easy.prepare(order.request, origin: order.origin, configuration: configuration)
        if code == CURLE_OK { code = hera_easy_set_context(easy.pointer, Unmanaged.passUnretained(self).toOpaque()) }
        if code == CURLE_OK { code = setCallbacks() }
        guard code == CURLE_OK else { throw .invalidRequest(reason: Curl.text(of: code)) }
    }

    private func setCallbacks() -> CURLcode {
        hera_easy_set_callbacks(
            easy.pointer,
            { bytes, size, count, context in
                guard let context, let transfer = Transfer.at(context) else { return 0 }
                return transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { bytes, size, count, context in
                guard let context, let transfer = Transfer.at(context) else { return 0 }
                return transfer.takeHeadLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { context, _, _, _, _ in
                guard let context, let transfer = Transfer.at(context) else { return CURL_PREREQFUNC_ABORT }
                return transfer.willSendRequest() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
    }

    /// The transfer stored as a handle's context.
    static func at(_ context: UnsafeMutableRawPointer) -> Transfer? {
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: Callbacks

    /// Whether the client may retry by itself.
    private var maySendTwice: Bool { order.request.isRepeatable && !order.request.isCharged }

    /// Runs on an established connection, right before the request is sent. Allows two sends, or one if a retry is
    /// forbidden.
    private func willSendRequest() -> Bool {
        guard requestsSent < (maySendTwice ? 2 : 1) else { return false }
        requestsSent += 1
        connectSeconds = startedAt.duration(to: .now).seconds
        return true
    }

    private func takeHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
        let now = Instant.now
        lastByteAt = now
        let complete = head.read(line: line)
        guard head.bytes <= maximumHeadBytes else {
            verdict = .tooLarge(host: order.origin.host, limit: maximumHeadBytes)
            return 0
        }
        guard let complete else { return line.count }
        let limit = order.request.maximumResponseBytes
        if let length = complete.headers["content-length"].flatMap({ Int($0) }), length > limit {
            verdict = .tooLarge(host: order.origin.host, limit: limit)
            return 0
        }
        order.channel.deliver(
            ResponseHead(
                status: complete.status, headers: complete.headers,
                timing: UpstreamTiming(
                    queueSeconds: order.sentAt.duration(to: startedAt).seconds, connectSeconds: connectSeconds,
                    firstByteSeconds: startedAt.duration(to: now).seconds)))
        loop.noteNews(of: self)
        return line.count
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastByteAt = .now
        let limit = order.request.maximumResponseBytes
        guard bodyBytes + bytes.count <= limit else {
            verdict = .tooLarge(host: order.origin.host, limit: limit)
            return 0
        }
        loop.noteNews(of: self)
        guard order.channel.deliver(bytes) else {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        bodyBytes += bytes.count
        return bytes.count
    }

    // MARK: State changes

    /// Unpauses the transfer. Returns the error of bytes that libcurl had held back.
    func resume() -> UpstreamError? {
        guard isPaused else { return nil }
        isPaused = false
        lastByteAt = .now
        let code = hera_easy_resume(easy.pointer)
        return code == CURLE_OK ? nil : error(for: code)
    }

    /// Whether the server may have received the request.
    var wasSent: Bool { requestsSent > 0 }

    /// Sets a deadline for a transfer whose caller was cancelled.
    func expire(at instant: Instant) {
        expiresAt = min(expiresAt ?? instant, instant)
    }

    /// Whether a broken connection is retried; prepares the handle if so.
    func triesAgain(after code: CURLcode) -> Bool {
        guard maySendTwice, code.isBrokenConnection, head.bytes == 0, !hasTriedAgain, requestsSent == 1,
            verdict == nil
        else {
            return false
        }
        hasTriedAgain = true
        easy.demandFreshConnection()
        return true
    }

    /// Ends the channel with the result.
    func finish(_ code: CURLcode) {
        order.channel.finish(error(for: code))
    }

    private func error(for code: CURLcode) -> UpstreamError? {
        if let verdict { return verdict }
        let host = order.origin.host
        guard code == CURLE_OK else {
            let error = UpstreamError(
                code: code, detail: easy.errorDetail, host: host, bytesReceived: head.bytes + bodyBytes,
                timeouts: order.request.timeouts)
            // The retry could not connect, but the first request was sent.
            return hasTriedAgain && !error.mayHaveBeenBilled ? .reset(host: host, bytesReceived: 0) : error
        }
        return head.isComplete ? nil : .malformed(host: host, reason: "the answer has no head")
    }

    /// The earliest timeout, and its error.
    var deadline: (at: Instant, error: UpstreamError) {
        let timeouts = order.request.timeouts
        var deadline = (at: order.sentAt + timeouts.total, error: timeout(.total, timeouts.total))
        if let lastByteAt {
            // A paused transfer waits for its reader, not for the server.
            if !isPaused, lastByteAt + timeouts.idle < deadline.at {
                deadline = (lastByteAt + timeouts.idle, timeout(.idle, timeouts.idle))
            }
        } else if startedAt + timeouts.firstByte < deadline.at {
            deadline = (startedAt + timeouts.firstByte, timeout(.firstByte, timeouts.firstByte))
        }
        if let expiresAt, expiresAt < deadline.at { deadline = (expiresAt, .cancelled) }
        return deadline
    }

    private func timeout(_ kind: TimeoutKind, _ after: Duration) -> UpstreamError {
        .timeout(kind, after: after, host: order.origin.host, bytesReceived: head.bytes + bodyBytes)
    }
}

/// Identifies a transfer within its client.
struct TransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64
}

/// A transfer queued for the transfer thread.
struct TransferRequest: Sendable {
    let id: TransferID
    let request: UpstreamRequest
    let origin: Origin
    let channel: ResponseChannel
    let sentAt: ContinuousClock.Instant
}
