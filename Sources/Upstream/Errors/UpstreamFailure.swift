package import Domain

/// An HTTP error of a model server, in any dialect.
package struct UpstreamFailure: Hashable, Sendable {
    /// HTTP status; 0 for an error event inside a stream.
    package let status: Int
    /// The provider's error code (`rate_limit_exceeded`, `overloaded_error`, ...), or nil.
    package let code: String?
    /// The provider's error message, shortened, without control characters.
    package let message: String
    /// Seconds of the provider's retry advice, or nil.
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
    /// Whether the prompt exceeds the context window; a model with a longer context may still answer.
    package var isContextOverflow: Bool {
        switch code {
        case "context_length_exceeded", "exceed_context_size_error": true
        default: status == 400 && (message.contains("maximum context length") || message.contains("prompt is too long"))
        }
    }
}

extension UpstreamError {
    /// Redacts the API key in the message: some providers repeat a rejected key.
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

/// Sanitises error bodies for logs and clients: short, printable, no HTML tags, no keys.
package enum FailureText {
    package static let maximumBytes = 2000
    private static let maximumCharacters = 300

    /// The text of a body that is not JSON; HTML tags are stripped.
    package static func plain(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(maximumBytes), as: UTF8.self)
        guard text.contains("<") else { return text }
        var stripped = ""
        var isTag = false
        for character in text {
            switch character {
            case "<": isTag = true
            case ">":
                isTag = false
                stripped.append(" ")
            default: if !isTag { stripped.append(character) }
            }
        }
        return stripped
    }

    /// One line of at most 300 characters; API keys are redacted.
    package static func clean(_ text: String) -> String {
        let tokens = text.prefix(maximumBytes).unicodeScalars.split {
            $0.value < 0x21 || $0.value == 0x7F || $0.properties.isWhitespace
        }
        return String(tokens.map { redact(String($0)) }.joined(separator: " ").prefix(maximumCharacters))
    }

    /// Most providers' keys begin with `sk-`; some error bodies repeat the rejected key.
    private static func redact(_ token: String) -> String {
        var result = ""
        var rest = token[...]
        while !rest.isEmpty {
            if rest.hasPrefix("sk-"), result.last?.isLetter != true {
                result += "sk-..."
                rest = rest.dropFirst(3).drop { $0.isLetter || $0.isNumber || "-_*.".contains($0) }
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}

/// Parses `Retry-After` (RFC 9110, section 10.2.3) and OpenAI's `retry-after-ms`.
package enum RetryAfter {
    /// Seconds from now; nil if the headers are missing, unreadable or beyond one year.
    package static func seconds(_ headers: UpstreamHeaders, now: Timestamp) -> Double? {
        let milliseconds = headers["retry-after-ms"].flatMap(Double.init)
        if let wait = plausible(milliseconds.map { $0 / 1000 }) { return wait }
        guard let text = headers["retry-after"] else { return nil }
        return plausible(Double(text) ?? date(text).map { max(0, $0.seconds - now.seconds) })
    }

    private static func plausible(_ seconds: Double?) -> Double? {
        seconds.flatMap { (0...31_536_000).contains($0) ? $0 : nil }
    }

    /// Parses an HTTP date, `Wed, 21 Oct 2015 07:28:00 GMT`.
    private static func date(_ text: String) -> Timestamp? {
        let fields = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard fields.count == 6, fields[5] == "GMT", let month = months.firstIndex(of: String(fields[2])) else {
            return nil
        }
        return Timestamp("\(fields[3])-\(month < 9 ? "0" : "")\(month + 1)-\(fields[1])T\(fields[4])Z")
    }
}
