/// An HTTP error of a model server, in any dialect.
package struct UpstreamFailure: Hashable, Sendable {
    /// HTTP status; 0 for an error event inside a stream.
    package let status: Int
    /// The provider's error code (`rate_limit_exceeded`, `overloaded_error`, ...), or nil.
    package private(set) var code: String?
    /// The provider's whole error message as one line without control characters. `message` is its beginning.
    package private(set) var text: String
    /// The member of the request that the provider named as wrong, or nil.
    package private(set) var field: String?
    /// Seconds of the provider's retry advice, or nil.
    package let retryAfterSeconds: Double?
    /// Whether the same call may succeed later or elsewhere.
    package let isRetryable: Bool

    package init(
        status: Int, code: String?, message: String, field: String? = nil, retryAfterSeconds: Double?, isRetryable: Bool
    ) {
        self.status = status
        self.code = code
        text = message
        self.field = field
        self.retryAfterSeconds = retryAfterSeconds
        self.isRetryable = isRetryable
    }

    /// The provider's error message, shortened, without control characters.
    package var message: String { FailureText.shortened(text) }
}

extension UpstreamFailure: CustomStringConvertible {
    package var description: String {
        let name = code.map { " (\($0))" } ?? ""
        let advice =
            retryAfterSeconds.map { " Try again after \($0) s." } ?? (isRetryable ? " Try again later." : "")
        let origin = status == 0 ? "the model server broke off its stream" : "the model server answered \(status)"
        return "\(origin)\(name): \(message)\(advice)"
    }
}

extension UpstreamFailure {
    /// Whether the server refused the request itself. Another model's server may accept it.
    package var isRefusal: Bool { [400, 413, 422].contains(status) || isContextOverflow }

    /// Whether the prompt exceeds the context window; a model with a longer context may still answer.
    package var isContextOverflow: Bool { ContextOverflow.matches(status: status, code: code, text: text) }

    /// Whether the server asks its callers to wait: it limits their rate, or is overloaded.
    package var isOverload: Bool { [429, 503, 529].contains(status) || code == "overloaded_error" }

    func without(_ secret: SecretText) -> UpstreamFailure {
        var copy = self
        copy.code = code.map(secret.removed)
        copy.text = secret.removed(from: text)
        copy.field = field.map(secret.removed)
        return copy
    }
}

extension UpstreamError {
    /// The error without any of the secrets in its texts.
    package func without(secrets: [String]) -> UpstreamError {
        secrets.reduce(self) { error, secret in error.without(secret: secret) }
    }

    /// The error without the API key in any of its texts: some servers repeat the key that they were sent.
    package func without(secret text: String?) -> UpstreamError {
        guard let secret = SecretText(text) else { return self }
        return switch self {
        case .status(let failure): .status(failure.without(secret))
        case .malformed(let host, let reason): .malformed(host: host, reason: secret.removed(from: reason))
        case .invalidRequest(let reason): .invalidRequest(reason: secret.removed(from: reason))
        case .connect(let host, let reason): .connect(host: host, reason: secret.removed(from: reason))
        case .tls(let host, let reason): .tls(host: host, reason: secret.removed(from: reason))
        case .noCredentials(let reason): .noCredentials(reason: secret.removed(from: reason))
        case .undecided(let batches): .undecided(batches: batches.map(secret.removed))
        case .outOfRetries(let error): .outOfRetries(error.without(secret: text))
        case .timeout, .reset, .tooLarge, .overloaded, .resting, .cancelled, .stopped: self
        }
    }
}
