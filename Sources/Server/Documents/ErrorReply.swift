import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Routing
import Steps
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
    /// Whether clients that try again by themselves may do so.
    var mayRepeat = true
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
        if allowed.isEmpty, let reason = MissingRoutes.reason(of: path) {
            self.init(
                status: .notFound, message: "there is no \(method) \(path): \(reason)", type: "invalid_request_error",
                code: "not_supported")
        } else if allowed.isEmpty {
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

    /// The reply to an error of a floor below; nil for an error without a code.
    init?(_ error: any Error) {
        switch error {
        case let error as ServiceError: self.init(service: error)
        case let error as FieldError:
            self.init(
                status: .badRequest, message: error.description, type: "invalid_request_error", code: error.code,
                field: error.field.isEmpty ? nil : error.field)
        case let error as RoutingError: self.init(routing: error)
        case let error as GuardrailError: self.init(guardrail: error)
        case let error as LedgerError: self.init(ledger: error)
        case let error as JSONError: self.init(error)
        default: return nil
        }
    }

    private init(service error: ServiceError) {
        let (words, code) = (error.description, error.code)
        switch error {
        case .unknownModel:
            self.init(
                status: .notFound, message: words, type: "invalid_request_error", code: code,
                field: "model")
        case .modelUnavailable:
            self.init(status: .serviceUnavailable, message: words, type: "server_error", code: code)
        case .refused(_, let failure):
            self.init(
                status: .badRequest, message: words, type: "invalid_request_error", code: code, field: failure.field)
        case .upstream(let failures):
            self.init(upstream: failures.map(\.error), message: words, code: code)
        case .notFound:
            self.init(status: .notFound, message: words, type: "invalid_request_error", code: code)
        case .conflict:
            self.init(status: .conflict, message: words, type: "invalid_request_error", code: code)
        case .shuttingDown:
            self.init(
                status: .serviceUnavailable, message: words, type: "server_error", code: code,
                retryAfterSeconds: 1)
        }
    }

    private init(guardrail error: GuardrailError) {
        let (words, code) = (error.description, error.code)
        switch error {
        case .refused:
            self.init(status: .badRequest, message: words, type: "invalid_request_error", code: code)
        case .unavailable(let stage):
            self.init(status: .serviceUnavailable, message: words, type: "server_error", code: code)
            // Clients that try again by themselves would pay for another answer each time.
            mayRepeat = stage == .before
        }
    }

    private init(routing error: RoutingError) {
        let (words, code) = (error.description, error.code)
        switch error {
        case .budgetSpent:
            self.init(
                status: .paymentRequired, message: words, type: "insufficient_quota", code: code,
                field: "budget_usd")
        case .infeasible:
            self.init(
                status: .unprocessableContent, message: words, type: "invalid_request_error", code: code,
                field: "policy")
        case .noCandidate where error.isContextOverflow:
            // Agents know by these words that they have to shorten their history.
            self.init(
                status: .badRequest, message: "prompt is too long: \(words)", type: "invalid_request_error",
                code: code)
        case .noCandidate(let reasons):
            self.init(
                status: reasons.isEmpty ? .serviceUnavailable : .unprocessableContent, message: words,
                type: reasons.isEmpty ? "server_error" : "invalid_request_error", code: code)
        case .planning:
            self.init(status: .internalServerError, message: words, type: "server_error", code: code)
        }
    }

    private init(ledger error: LedgerError) {
        let (words, code) = (error.description, error.code)
        switch error {
        case .budgetExceeded(let refusal):
            let wait = refusal.resetsAt.map { max(0, $0.seconds - Timestamp.now().seconds) }
            self.init(
                status: wait == nil ? .paymentRequired : .tooManyRequests,
                message: words, type: "insufficient_quota", code: code, retryAfterSeconds: wait)
        case .rateLimited(let refusal):
            self.init(
                status: .tooManyRequests, message: words, type: "rate_limit_error", code: code,
                retryAfterSeconds: Double(refusal.retryAfterSeconds))
        case _ where error.isTemporary:
            self.init(
                status: .serviceUnavailable, message: words, type: "server_error", code: code,
                retryAfterSeconds: 5)
        default:
            self.init(status: .internalServerError, message: words, type: "server_error", code: code)
        }
    }

    /// `Retry-After` is the longest wait that a server asked for, at least a second. Where all rest, it is the shortest:
    /// then the first of them can be asked again.
    private init(upstream errors: [UpstreamError], message: String, code: String) {
        let waits = errors.compactMap(\.retryAfterSeconds)
        let allRest = errors.allSatisfy { if case .resting = $0 { true } else { false } }
        let wait = (allRest ? waits.min() : waits.max()).map { max(1, $0) }
        switch UpstreamVerdict(errors) {
        case .rateLimited:
            self.init(
                status: .tooManyRequests, message: message, type: "rate_limit_error", code: code,
                retryAfterSeconds: wait)
        case .overloaded:
            self.init(
                status: .serviceUnavailable, message: message, type: "server_error", code: code,
                retryAfterSeconds: wait)
        case .timedOut:
            self.init(
                status: .gatewayTimeout, message: message, type: "server_error", code: code, retryAfterSeconds: wait)
        case .failed:
            self.init(
                status: .badGateway, message: message, type: "server_error", code: code, retryAfterSeconds: wait)
        }
    }
}
