import CCurl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One transfer, confined to the transfer thread. libcurl's callbacks write into it.
final class Transfer {
    typealias Instant = ContinuousClock.Instant

    let request: TransferRequest
    let easy: EasyHandle
    let startedAt: Instant
    private let maximumHeadBytes: Int
    private let hosts: HostRule
    /// Whether names are looked up by a proxy, so that the connection's address is the proxy's.
    private let hasProxy: Bool
    /// Why an address of the host was not connected to; another one may have been.
    private var addressRefusal: UpstreamError?
    /// The channel has data for a reader that has not been woken yet.
    var isWakeupPending = false
    /// Schedules the reader's wakeup.
    private unowned let loop: TransferLoop
    private var head = HeadReader()
    private var bodyBytes = 0
    private var connectSeconds = 0.0
    /// Sends of the request, including libcurl's own retries on dead reused connections.
    private var requestsSent = 0
    private var hasRetried = false
    private var lastByteAt: Instant?
    private var expiresAt: Instant?
    /// The reason for an abort inside a callback, which libcurl does not report.
    private var abortReason: UpstreamError?
    private(set) var isPaused = false

    init(
        request: TransferRequest, easy: EasyHandle, loop: TransferLoop, configuration: UpstreamConfiguration,
        startedAt: Instant
    ) {
        self.request = request
        self.loop = loop
        self.easy = easy
        maximumHeadBytes = configuration.maximumHeadBytes
        hosts = request.hosts
        hasProxy = configuration.proxyURL(of: request.origin) != nil
        self.startedAt = startedAt
    }

    /// Configures the easy handle; throws on an option that libcurl rejects.
    func prepare(_ configuration: UpstreamConfiguration) throws(UpstreamError) {
        let origin = request.origin
        if let address = origin.address,
            let reason = hosts.refusal(
                of: address, host: origin.hostName, isFromClient: request.http.isFromClient)
        {
            throw .connect(host: origin.host, reason: reason)
        }
        var code = easy.prepare(request.http, origin: origin, configuration: configuration)
        if code == CURLE_OK { code = hera_easy_set_context(easy.pointer, Unmanaged.passUnretained(self).toOpaque()) }
        if code == CURLE_OK { code = setCallbacks() }
        guard code == CURLE_OK else { throw .invalidRequest(reason: Curl.text(of: code)) }
    }

    private func setCallbacks() -> CURLcode {
        hera_easy_set_callbacks(
            easy.pointer,
            { bytes, size, count, context in
                guard let context, let transfer = Transfer.at(context) else { return 0 }
                return transfer.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { bytes, size, count, context in
                guard let context, let transfer = Transfer.at(context) else { return 0 }
                return transfer.receiveHeadLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { context, address, _, _, _ in
                guard let context, let transfer = Transfer.at(context) else { return CURL_PREREQFUNC_ABORT }
                let address = address.flatMap { IPAddress(host: String(cString: $0)) }
                return transfer.willSendRequest(to: address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            },
            { context, _, address in
                guard let context, let address, let transfer = Transfer.at(context) else { return CURL_SOCKET_BAD }
                return transfer.openSocket(to: address)
            })
    }

    /// The transfer stored as a handle's context.
    static func at(_ context: UnsafeMutableRawPointer) -> Transfer? {
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: Callbacks

    /// Whether the client may retry by itself.
    private var mayRetry: Bool { request.http.isRepeatable && !request.http.isCharged }

    /// A socket for a new connection; a bad one where the address is refused.
    private func openSocket(to address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if let reason = IPAddress(address).flatMap({ refusal(of: $0) }) {
            addressRefusal = .connect(host: request.origin.host, reason: reason)
            return CURL_SOCKET_BAD
        }
        let value = address.pointee
        // Programs that hera starts, such as a `key_command`, do not inherit it.
        return socket(value.family, value.socktype | Int32(SOCK_CLOEXEC.rawValue), value.protocol)
    }

    private func refusal(of address: IPAddress) -> String? {
        let isFromClient = request.http.isFromClient && !hasProxy
        return hosts.refusal(of: address, host: request.origin.hostName, isFromClient: isFromClient)
    }

    /// Runs on an established connection, right before the request is sent. Allows two sends, or one if a retry is
    /// forbidden. A connection that is used again was perhaps opened for a request that may go further.
    private func willSendRequest(to address: IPAddress?) -> Bool {
        if let reason = address.flatMap({ refusal(of: $0) }) {
            abortReason = .connect(host: request.origin.host, reason: reason)
            return false
        }
        guard requestsSent < (mayRetry ? 2 : 1) else { return false }
        requestsSent += 1
        connectSeconds = startedAt.duration(to: .now).seconds
        return true
    }

    private func receiveHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
        let now = Instant.now
        lastByteAt = now
        let complete = head.read(line: line)
        guard head.bytes <= maximumHeadBytes else {
            abortReason = .tooLarge(host: request.origin.host, limit: maximumHeadBytes)
            return 0
        }
        guard let complete else { return line.count }
        let limit = request.http.maximumResponseBytes
        if let length = complete.headers["content-length"].flatMap({ Int($0) }), length > limit {
            abortReason = .tooLarge(host: request.origin.host, limit: limit)
            return 0
        }
        request.channel.deliver(
            ResponseHead(
                status: complete.status, headers: complete.headers,
                timing: UpstreamTiming(
                    queueSeconds: request.sentAt.duration(to: startedAt).seconds, connectSeconds: connectSeconds,
                    firstByteSeconds: startedAt.duration(to: now).seconds)))
        loop.scheduleWakeup(of: self)
        return line.count
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        lastByteAt = .now
        let limit = request.http.maximumResponseBytes
        guard bodyBytes + bytes.count <= limit else {
            abortReason = .tooLarge(host: request.origin.host, limit: limit)
            return 0
        }
        loop.scheduleWakeup(of: self)
        guard request.channel.deliver(bytes) else {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        bodyBytes += bytes.count
        return bytes.count
    }

    /// `CURLE_TOO_LARGE` of libcurl 8.6, which older headers lack.
    private static let tooLarge: UInt32 = 100

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
    func shouldRetry(after code: CURLcode) -> Bool {
        guard mayRetry, code.isBrokenConnection, head.bytes == 0, !hasRetried, requestsSent == 1,
            abortReason == nil
        else {
            return false
        }
        hasRetried = true
        easy.demandFreshConnection()
        return true
    }

    /// Ends the channel with the result.
    func finish(_ code: CURLcode) {
        request.channel.finish(error(for: code))
    }

    private func error(for code: CURLcode) -> UpstreamError? {
        if let abortReason { return abortReason }
        if code == CURLE_COULDNT_CONNECT, let addressRefusal { return addressRefusal }
        let host = request.origin.host
        if !head.isComplete, head.bytes > 0, code == CURLE_OUT_OF_MEMORY || code.rawValue == Self.tooLarge {
            // libcurl says so of a header line that is longer than it takes.
            return .tooLarge(host: host, limit: maximumHeadBytes)
        }
        guard code == CURLE_OK else {
            let error = UpstreamError(
                code: code, detail: easy.errorDetail, host: host, bytesReceived: head.bytes + bodyBytes,
                timeouts: request.http.timeouts)
            // The retry could not connect, but the first request was sent.
            return hasRetried && !error.mayHaveBeenBilled ? .reset(host: host, bytesReceived: 0) : error
        }
        return head.isComplete ? nil : .malformed(host: host, reason: "the answer has no head")
    }

    /// The earliest timeout, and its error. Until the request is sent, it is one of connecting: nothing can be billed.
    var deadline: (at: Instant, error: UpstreamError) {
        let timeouts = request.http.timeouts
        var deadline = (at: request.sentAt + timeouts.total, error: timeout(.total, timeouts.total))
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
        .timeout(
            wasSent ? kind : .connect, after: after, host: request.origin.host, bytesReceived: head.bytes + bodyBytes)
    }
}

/// Identifies a transfer within its client.
struct TransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64
}

/// A transfer queued for the transfer thread.
struct TransferRequest: Sendable {
    let id: TransferID
    let http: UpstreamRequest
    let origin: Origin
    let channel: ResponseChannel
    let sentAt: ContinuousClock.Instant
    /// Which addresses may be connected to.
    let hosts: HostRule
}
