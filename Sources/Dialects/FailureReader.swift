package import Domain
import JSON
package import Upstream

/// Reads the error bodies of model servers: OpenAI's object and its relatives, and plain text or HTML of proxies.
package enum FailureReader {
    /// - Parameters:
    ///   - now: the moment that a date in `Retry-After` is measured from.
    package static func read(
        status: Int, headers: UpstreamHeaders, body: [UInt8], now: Timestamp = .now()
    ) -> UpstreamFailure {
        let retryAfter = RetryAfter.seconds(headers, now: now)
        guard let document = try? JSONDocument(body), document.root.kind == .object else {
            return failure(status, nil, FailureText.plain(body), retryAfter)
        }
        return read(document.root, status: status, retryAfterSeconds: retryAfter)
    }

    /// The error object in a body or an event that came with a status of success. Its own `code` counts where that is a
    /// status of an error.
    static func read(_ object: JSONValue, statusWithoutCode status: Int) -> UpstreamFailure {
        let code = object["error"]?["code"]?.integer.flatMap { (400...599).contains($0) ? Int($0) : nil }
        return read(object, status: code ?? status)
    }

    /// The error in an object: `{"error": {...}}`, `{"error": "..."}`, or the members of the error at the top.
    static func read(_ object: JSONValue, status: Int, retryAfterSeconds: Double? = nil) -> UpstreamFailure {
        let error = object["error"] ?? object
        if let text = error.string { return failure(status, nil, text, retryAfterSeconds) }
        let code = [error["code"], error["type"]].lazy.compactMap { $0?.string }.first { $0 != "error" }
        let message = ["message", "detail", "error_description"].lazy.compactMap { error[$0]?.string }.first
        return failure(
            status, code, message ?? String(decoding: error.raw.prefix(FailureText.maximumBytes), as: UTF8.self),
            retryAfterSeconds)
    }

    private static func failure(
        _ status: Int, _ code: String?, _ message: String, _ retryAfterSeconds: Double?
    ) -> UpstreamFailure {
        return UpstreamFailure(
            status: status, code: code.map { FailureText.clean($0) }, message: FailureText.line(message),
            retryAfterSeconds: retryAfterSeconds, isRetryable: isRetryable(status, code))
    }

    /// Whether the same call may succeed later at the same server.
    private static func isRetryable(_ status: Int, _ code: String?) -> Bool {
        switch code {
        case "insufficient_quota", "billing_hard_limit_reached": return false
        case "overloaded_error", "rate_limit_error", "api_error", "server_error": return true
        default: break
        }
        switch status {
        case 0, 408, 425, 429, 500, 502, 503, 504, 529: return true
        default: return false
        }
    }
}
