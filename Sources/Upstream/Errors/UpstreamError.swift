/// Which patience ran out.
package enum TimeoutKind: String, CaseIterable, Hashable, Sendable {
    /// Waiting for a free connection; nothing was sent.
    case queue
    /// Name resolution, TCP and TLS.
    case connect
    /// From the start of the transfer to the first byte of the answer.
    case firstByte = "first byte"
    /// Between two pieces of the answer.
    case idle
    /// The whole call, waiting for a free connection included.
    case total
}

/// Why a call to a model's server brought no (complete) answer. Never holds headers, keys or bodies.
package enum UpstreamError: Error, Hashable, Sendable {
    /// The request cannot be sent as it is; nothing left this machine.
    case invalidRequest(reason: String)
    /// No connection: the name is unknown, nobody listens, or no route.
    case connect(host: String, reason: String)
    /// The secure connection failed, most often because the certificate is not trusted.
    case tls(host: String, reason: String)
    case timeout(TimeoutKind, after: Duration, host: String, bytesReceived: Int)
    /// The connection broke. `bytesReceived` counts head and body; at 0 the client has already tried twice.
    case reset(host: String, bytesReceived: Int)
    /// The answer is larger than the limit, in bytes.
    case tooLarge(host: String, limit: Int)
    /// The server does not speak the expected protocol.
    case malformed(host: String, reason: String)
    /// The server answered with an error.
    case status(UpstreamFailure)
    /// As many calls as the configuration allows are waiting already.
    case overloaded(waiting: Int)
    /// The caller gave up, or the client was shut down while the server worked.
    case cancelled
    /// The client has been shut down; nothing was sent.
    case stopped
    /// A batch may have been sent before: one of these (provider's ids) may be it. Nothing was sent.
    case undecided(batches: [String])
}

extension UpstreamError {
    /// Whether the caller has seen nothing of an answer, so that another model may answer instead at no loss.
    package var isBeforeFirstByte: Bool {
        switch self {
        case .invalidRequest, .connect, .tls, .overloaded, .stopped, .undecided: true
        case .status(let failure): failure.status != 0
        case .timeout(_, _, _, let bytesReceived), .reset(_, let bytesReceived): bytesReceived == 0
        case .tooLarge, .malformed, .cancelled: false
        }
    }

    /// Whether the server may have done the work, and its provider charge for it: then it must not count as nothing.
    package var mayHaveBeenBilled: Bool {
        switch self {
        // Nothing has left this machine.
        case .invalidRequest, .connect, .tls, .overloaded, .stopped, .undecided: false
        case .timeout(.connect, _, _, _), .timeout(.queue, _, _, _): false
        // A gateway that gave up waiting (524 is Cloudflare's) says nothing of the model behind it; other errors are the
        // server's own word that there is no answer.
        case .status(let failure): failure.status == 504 || failure.status == 524
        case .timeout, .reset, .tooLarge, .malformed, .cancelled: true
        }
    }
}

extension UpstreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidRequest(let reason):
            "the request to the model server cannot be sent: \(reason)"
        case .connect(let host, let reason):
            "cannot connect to \(host): \(reason). Check that the server runs and that the endpoint's base_url is right."
        case .tls(let host, let reason):
            "no secure connection to \(host): \(reason). Check its certificate, or name its authority in the configuration."
        case .timeout(let kind, let after, let host, let bytes):
            "\(host) ran into the \(kind.rawValue) timeout of \(after) after \(bytes) bytes. "
                + "Raise the timeout if the model is slow, or look at the server's load."
        case .reset(let host, 0):
            "\(host) closed the connection before it answered. Look at the server's log; it may be restarting."
        case .reset(let host, let bytes):
            "\(host) broke off after \(bytes) bytes of its answer. Look at the server's log; what it billed may be lost."
        case .tooLarge(let host, let limit):
            "the answer of \(host) is larger than the limit of \(limit) bytes. Raise the limit or ask for fewer tokens."
        case .malformed(let host, let reason):
            "\(host) does not answer as a model server does: \(reason). Check the endpoint's base_url and wire format."
        case .status(let failure):
            "\(failure)"
        case .overloaded(let waiting):
            "\(waiting) calls wait for a connection already. Try again later, or raise the concurrency limits."
        case .cancelled:
            "the call was cancelled"
        case .stopped:
            "the upstream client has been shut down and takes no more calls"
        case .undecided(let batches):
            "the batch may have been sent before, as one of \(batches.joined(separator: ", ")); their results will tell. "
                + "Try again when they have ended."
        }
    }
}
