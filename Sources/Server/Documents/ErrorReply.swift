import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Routing
import Upstream

extension HTTPResponse.Status {
    static let paymentRequired = HTTPResponse.Status(code: 402, reasonPhrase: "Payment Required")
}

/// The status and words of an error, in the terms of HTTP and of OpenAI's clients.
struct ErrorReply: Error {
    var status: HTTPResponse.Status
    var message: String
    var type: String
    var code: String?
    var field: String?
    var retryAfterSeconds: Double?
    /// The methods that the path has, where it has not the one that was asked for.
    var allowed: [HTTPRequest.Method] = []

    init(
        status: HTTPResponse.Status, message: String, type: String, code: String? = nil, field: String? = nil,
        retryAfterSeconds: Double? = nil
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.field = field
        self.retryAfterSeconds = retryAfterSeconds
    }

    init(_ error: JSONError) {
        self.init(
            status: .badRequest, message: "the body is not valid JSON: \(error)", type: "invalid_request_error",
            code: "invalid_json")
    }

    /// - Parameter routes: what there is, for requests of what there is not.
    init(_ error: HTTPError, request: Request, routes: RouteTable) {
        switch error.status {
        case .notFound: self.init(missing: request, routes: routes)
        case .contentTooLarge:
            self.init(
                status: .contentTooLarge, message: error.body ?? "the body is larger than the limit",
                type: "invalid_request_error", code: "body_too_large")
        default:
            self.init(
                status: error.status, message: error.body ?? error.status.reasonPhrase, type: "invalid_request_error")
        }
    }

    /// 405 where the path has other methods, else 404 with the route that was perhaps meant.
    private init(missing request: Request, routes: RouteTable) {
        let (method, path) = (request.method.rawValue, request.uri.path)
        let allowed = routes.methods(of: path)
        if allowed.isEmpty {
            let hint = routes.closest(to: path).map { "did you mean \($0)?" } ?? "GET /openapi.yaml lists what there is"
            self.init(
                status: .notFound, message: "there is no \(method) \(path); \(hint)", type: "invalid_request_error",
                code: "not_found")
        } else {
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            self.init(
                status: .methodNotAllowed, message: "\(path) has no \(method); use \(names)",
                type: "invalid_request_error", code: "method_not_allowed")
            self.allowed = allowed
        }
    }

    init(_ error: ServiceError) {
        let words = error.description
        switch error {
        case .badRequest(let field):
            self.init(
                status: .badRequest, message: words, type: "invalid_request_error", code: "invalid_value",
                field: field.field.isEmpty ? nil : field.field)
        case .unknownModel:
            self.init(
                status: .notFound, message: words, type: "invalid_request_error", code: "model_not_found",
                field: "model")
        case .modelUnavailable:
            self.init(status: .serviceUnavailable, message: words, type: "server_error", code: "model_unavailable")
        case .routing(.budgetSpent):
            self.init(
                status: .paymentRequired, message: words, type: "insufficient_quota", code: "budget_exceeded",
                field: "budget_usd")
        case .routing(.infeasible):
            self.init(
                status: .unprocessableContent, message: words, type: "invalid_request_error", code: "policy_infeasible",
                field: "policy")
        case .routing(.noCandidate(let reasons)) where reasons.contains { $0.reason.contains("fit its context") }:
            // Agents know by these words that they have to shorten their history.
            self.init(
                status: .badRequest, message: "prompt is too long: \(words)", type: "invalid_request_error",
                code: "context_length_exceeded")
        case .routing(.noCandidate(let reasons)):
            self.init(
                status: reasons.isEmpty ? .serviceUnavailable : .unprocessableContent, message: words,
                type: reasons.isEmpty ? "server_error" : "invalid_request_error", code: "no_candidate")
        case .routing(.planning):
            self.init(status: .internalServerError, message: words, type: "server_error", code: "planning_failed")
        case .ledger(.budgetExceeded(let refusal)):
            let wait = refusal.resetsAt.map { max(0, $0.seconds - Timestamp.now().seconds) }
            self.init(
                status: wait == nil ? .paymentRequired : .tooManyRequests,
                message: words, type: "insufficient_quota", code: "budget_exceeded", retryAfterSeconds: wait)
        case .ledger(.rateLimited(let refusal)):
            self.init(
                status: .tooManyRequests, message: words, type: "rate_limit_error", code: "rate_limited",
                retryAfterSeconds: Double(refusal.retryAfterSeconds))
        case .ledger(let error) where error.isTemporary:
            self.init(
                status: .serviceUnavailable, message: words, type: "server_error", code: "ledger_unavailable",
                retryAfterSeconds: 5)
        case .ledger:
            self.init(status: .internalServerError, message: words, type: "server_error", code: "ledger_error")
        case .refused:
            self.init(status: .badRequest, message: words, type: "invalid_request_error", code: "refused_by_model")
        case .upstream(let failures):
            self.init(upstream: failures.map(\.error), message: words)
        case .notFound(let kind, _):
            self.init(status: .notFound, message: words, type: "invalid_request_error", code: "\(kind)_not_found")
        case .conflict:
            self.init(status: .conflict, message: words, type: "invalid_request_error", code: "conflict")
        case .shuttingDown:
            self.init(
                status: .serviceUnavailable, message: words, type: "server_error", code: "shutting_down",
                retryAfterSeconds: 1)
        }
    }

    /// 504 where the last one was too slow, 429 where all were over their rates, 503 where all had too much to do, else
    /// 502.
    private init(upstream errors: [UpstreamError], message: String) {
        var wait: Double?
        var allLimited = !errors.isEmpty
        for error in errors {
            if case .status(let failure) = error, failure.status == 429 {
                wait = max(wait ?? 1, failure.retryAfterSeconds ?? 1)
            } else {
                allLimited = false
            }
        }
        if allLimited {
            self.init(
                status: .tooManyRequests, message: message, type: "rate_limit_error", code: "rate_limited",
                retryAfterSeconds: wait)
        } else if !errors.isEmpty, errors.allSatisfy(\.isOverload) {
            self.init(
                status: .serviceUnavailable, message: message, type: "server_error", code: "overloaded",
                retryAfterSeconds: wait)
        } else if case .timeout = errors.last {
            self.init(status: .gatewayTimeout, message: message, type: "server_error", code: "upstream_timeout")
        } else {
            self.init(status: .badGateway, message: message, type: "server_error", code: "upstream_error")
        }
    }
}

extension UpstreamError {
    /// Whether the server had too much to do, in Anthropic's words, or its caller was over a rate.
    fileprivate var isOverload: Bool {
        guard case .status(let failure) = self else { return false }
        return failure.status == 429 || failure.status == 529 || failure.code == "overloaded_error"
    }
}
