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
        let told = RetryAfter.seconds(headers, now: now)
        let reset = waits.contains(status) ? RetryAfter.limitReset(headers, now: now) : nil
        guard let root = (try? JSONDocument(body)).flatMap({ object(in: $0.root) }) else {
            let text = FailureText.plain(body)
            let advice = waits.contains(status) ? RetryAdvice.seconds(inText: text) : nil
            return failure(status, nil, text, told ?? advice ?? reset)
        }
        return read(root, status: status, retryAfterSeconds: told ?? RetryAdvice.seconds(in: root, now: now) ?? reset)
    }

    /// Statuses whose answers may say when to ask again.
    private static let waits: Set<Int> = [429, 503, 529]

    /// The object of an error's body; Gemini puts it into a list.
    private static func object(in root: JSONValue) -> JSONValue? {
        if root.kind == .array { return root.elements.first { $0.kind == .object } }
        return root.kind == .object ? root : nil
    }

    /// The error object in a body or an event that came with a status of success. Its own `code` counts where that is a
    /// status of an error.
    static func read(_ object: JSONValue, statusWithoutCode status: Int) -> UpstreamFailure {
        let code = object["error"]?["code"]?.integer.flatMap { (400...599).contains($0) ? Int($0) : nil }
        return read(object, status: code ?? status)
    }

    /// The error in an object: `{"error": {...}}`, `{"error": "..."}`, or the members of the error at the top.
    static func read(_ object: JSONValue, status: Int, retryAfterSeconds: Double? = nil) -> UpstreamFailure {
        let named = object["error"].flatMap { $0.isNull ? nil : $0 }
        let error = named ?? object
        if let text = error.string { return failure(status, nil, text, retryAfterSeconds) }
        let code = [error["code"], error["type"]].lazy.compactMap { $0?.string }.first { $0 != "error" }
        let message = ["message", "detail", "error_description"].lazy.compactMap { error[$0]?.string }.first
        return failure(
            status, code, message ?? String(decoding: error.raw.prefix(FailureText.maximumBytes), as: UTF8.self),
            retryAfterSeconds, field: field(of: error))
    }

    /// The member of the request that an error names: OpenAI's `param`, or the `loc` of FastAPI.
    private static func field(of error: JSONValue) -> String? {
        if let param = error["param"]?.string, !param.isEmpty { return FailureText.clean(param) }
        guard let first = error["detail"]?.elements.first(where: { $0["loc"] != nil }) else { return nil }
        let path = first["loc"]?.elements.compactMap { $0.string } ?? []
        let names = path.first == "body" ? path.dropFirst() : path[...]
        return names.isEmpty ? nil : FailureText.clean(names.joined(separator: "."))
    }

    private static func failure(
        _ status: Int, _ code: String?, _ message: String, _ retryAfterSeconds: Double?, field: String? = nil
    ) -> UpstreamFailure {
        return UpstreamFailure(
            status: status, code: code.map { FailureText.clean($0) }, message: FailureText.wholeLine(message),
            field: field, retryAfterSeconds: retryAfterSeconds, isRetryable: isRetryable(status, code))
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
