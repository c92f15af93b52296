/// An error that a model's server answered with, in whatever dialect.
package struct UpstreamFailure: Hashable, Sendable {
    /// The HTTP status; 0 for an error event in the middle of a stream without one.
    package let status: Int
    /// The server's own name for the error (`rate_limit_exceeded`, `overloaded_error`, ...), or nil.
    package let code: String?
    /// The server's words, shortened, without control characters.
    package let message: String
    /// Seconds that the server asks to wait, or nil.
    package let retryAfterSeconds: Double?
    /// Whether the same call may succeed later or elsewhere.
    package let isRetryable: Bool

    package init(status: Int, code: String?, message: String, retryAfterSeconds: Double?, isRetryable: Bool) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
        self.isRetryable = isRetryable
    }
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
    /// Whether the prompt is too long for the model: a model with a longer context may still answer.
    package var isContextOverflow: Bool {
        switch code {
        case "context_length_exceeded", "exceed_context_size_error": true
        default: status == 400 && (message.contains("maximum context length") || message.contains("prompt is too long"))
        }
    }
}

extension UpstreamError {
    /// The same without a key in the server's words: some repeat the one that they refuse.
    package func without(secret: String?) -> UpstreamError {
        guard case .status(let failure) = self, let secret, !secret.isEmpty, failure.message.contains(secret) else {
            return self
        }
        return .status(
            UpstreamFailure(
                status: failure.status, code: failure.code,
                message: failure.message.replacing(secret, with: "..."),
                retryAfterSeconds: failure.retryAfterSeconds, isRetryable: failure.isRetryable))
    }
}
