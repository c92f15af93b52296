import Calls
import Domain
import JSON
import Steps
import Upstream

/// One call of a tool of type `http`.
struct WebhookCall: Sendable {
    let url: String
    /// JSON as the model wrote it.
    let arguments: String
    let job: String
    /// The call's id within the job.
    let id: String
}

/// Calls tools of type `http`, restricted to the servers in the operator's settings.
///
/// Arguments are sent as a JSON `POST`; the response body is the result. A call may repeat after a node dies, with the
/// same `Idempotency-Key`. Redirects are not followed. Errors are results for the model, so that the job can continue.
struct Webhooks: Sendable {
    let rules: [WebhookRule]
    let upstream: UpstreamClient
    let keys: APIKeys

    /// Why a URL is not allowed; nil where it is.
    func problem(with url: String) -> String? {
        guard rule(for: url) == nil else { return nil }
        return "'\(url)' is not allowed: the operator lists the servers of tools under `webhooks` in the settings"
    }

    /// The longest rule that matches a URL.
    private func rule(for url: String) -> WebhookRule? {
        rules.filter { $0.allows(url) }.max { $0.path.utf8.count < $1.path.utf8.count }
    }

    func result(of call: WebhookCall) async -> String {
        guard let rule = rule(for: call.url) else { return "error: \(problem(with: call.url) ?? "")" }
        guard let arguments = try? JSONDocument(Array(call.arguments.utf8)), arguments.root.kind == .object else {
            return "error: the arguments are not a JSON object"
        }
        do throws(UpstreamError) {
            let response = try await upstream.send(request(call, by: rule))
            let body = String(decoding: try await response.collect(upTo: rule.answerBytes), as: UTF8.self)
            guard (200..<300).contains(response.status) else {
                return "error: the tool answered with status \(response.status): \(body.prefix(500))"
            }
            return body
        } catch {
            return "error: \(description(of: error, rule))"
        }
    }

    private func request(_ call: WebhookCall, by rule: WebhookRule) -> UpstreamRequest {
        var headers = [
            ("Content-Type", "application/json"), ("Accept", "application/json, text/plain"),
            ("Idempotency-Key", "\(call.job)-\(call.id.filter { $0.isASCII && !$0.isWhitespace })"),
            ("X-Hera-Job", call.job),
        ]
        if let key = rule.keyVariable.flatMap({ keys.secret(named: $0) }) {
            headers.append(("Authorization", "Bearer \(key)"))
        }
        let timeout = Duration.seconds(rule.timeoutSeconds)
        var request = UpstreamRequest(
            url: call.url, headers: headers, body: Array(call.arguments.utf8),
            timeouts: UpstreamTimeouts(firstByte: timeout, idle: timeout, total: timeout),
            maximumResponseBytes: rule.answerBytes)
        // The operator named the host. Who owns its name in the DNS may let it lead to any address.
        request.isFromClient = (try? Origin(url: call.url))?.isLocalName != true
        return request
    }

    /// The error text for the model; reveals nothing of this machine.
    private func description(of error: UpstreamError, _ rule: WebhookRule) -> String {
        switch error {
        case .timeout: "the tool did not answer within \(rule.timeoutSeconds) s"
        case .tooLarge: "the tool's answer is longer than \(rule.answerBytes) bytes: ask it for less"
        default: "the tool cannot be reached"
        }
    }
}
