/// The kind of an expired timeout.
package enum TimeoutKind: String, CaseIterable, Hashable, Sendable {
    /// Queueing for a transfer slot; nothing was sent.
    case queue
    /// Name resolution, TCP and TLS.
    case connect
    /// From the start of the transfer to the first response byte.
    case firstByte = "first byte"
    /// From the request to the first token of a stream, as a policy limits it.
    case firstToken = "first token"
    /// Between two reads of the response.
    case idle
    /// The whole call, including queueing.
    case total
}

/// A failed or incomplete call to a model server. Never holds headers, keys or bodies.
package indirect enum UpstreamError: Error, Hashable, Sendable {
    /// The request is invalid; nothing was sent.
    case invalidRequest(reason: String)
    /// The server's key cannot be had; nothing was sent.
    case noCredentials(reason: String)
    /// The connection failed: unknown name, refused, or no route.
    case connect(host: String, reason: String)
    /// The TLS handshake failed, most often because the certificate is not trusted.
    case tls(host: String, reason: String)
    case timeout(TimeoutKind, after: Duration, host: String, bytesReceived: Int)
    /// The connection broke. `bytesReceived` counts head and body; at 0 a permitted retry has failed too.
    case reset(host: String, bytesReceived: Int)
    /// The response exceeds the limit, in bytes.
    case tooLarge(host: String, limit: Int)
    /// The server violates the expected protocol.
    case malformed(host: String, reason: String)
    /// The server answered with an HTTP error.
    case status(UpstreamFailure)
    /// The queue of waiting calls is full.
    case overloaded(waiting: Int)
    /// The server is left alone for now: it asked for that, or failed several times. Nothing was sent.
    case resting(reason: String, retryAfterSeconds: Double, isRateLimited: Bool)
    /// The caller cancelled, or the client was shut down during the call.
    case cancelled
    /// The client is shut down; nothing was sent.
    case stopped
    /// A batch may have been submitted before, as one of these provider ids. Nothing was sent.
    case undecided(batches: [String])
    /// The call failed, and was not made once more: too many calls of the model were, lately.
    case outOfRetries(UpstreamError)
}

extension UpstreamError {
    /// The failure itself, without what became of a retry.
    package var cause: UpstreamError {
        if case .outOfRetries(let error) = self { error } else { self }
    }
}

extension UpstreamError {
    /// Whether no response byte was received, so another model can answer instead.
    package var isBeforeFirstByte: Bool {
        switch self {
        case .invalidRequest, .noCredentials, .connect, .tls, .overloaded, .resting, .stopped, .undecided: true
        case .status(let failure): failure.status != 0
        case .timeout(_, _, _, let bytesReceived), .reset(_, let bytesReceived): bytesReceived == 0
        case .tooLarge, .malformed, .cancelled: false
        case .outOfRetries(let error): error.isBeforeFirstByte
        }
    }

    /// Whether the provider may bill the call, so it must be settled as uncertain instead of free.
    package var mayHaveBeenBilled: Bool {
        switch self {
        // Nothing was sent.
        case .invalidRequest, .noCredentials, .connect, .tls, .overloaded, .resting, .stopped, .undecided: false
        case .timeout(.connect, _, _, _), .timeout(.queue, _, _, _): false
        // A gateway timeout (504, Cloudflare's 524) says nothing about the model behind it. Other errors come from the
        // server itself.
        case .status(let failure): failure.status == 504 || failure.status == 524
        case .timeout, .reset, .tooLarge, .malformed, .cancelled: true
        case .outOfRetries(let error): error.mayHaveBeenBilled
        }
    }
}

extension UpstreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidRequest(let reason):
            "the request to the model server cannot be sent: \(reason)"
        case .noCredentials(let reason):
            "the key of the model server cannot be had: \(reason)"
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
        case .resting(let reason, let seconds, _):
            "it is not asked for \(Int(seconds.rounded(.up))) s more: \(reason)"
        case .cancelled:
            "the call was cancelled"
        case .stopped:
            "the upstream client has been shut down and takes no more calls"
        case .undecided(let batches):
            "the batch may have been sent before, as one of \(batches.joined(separator: ", ")); their results will tell. "
                + "Try again when they have ended."
        case .outOfRetries(let error):
            "\(error) It was not tried again: the budget of retries of this model is used up."
        }
    }
}
