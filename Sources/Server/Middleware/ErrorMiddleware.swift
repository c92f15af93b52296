import Calls
import CoreMetrics
import Dialects
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOHTTP1
import Upstream

/// Converts every error to an error response in the caller's dialect.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let routes: RouteTable

    /// One month in seconds: the upper bound of `Retry-After`, even where a provider advises more.
    private static let maximumRetryAfter = 2_678_400.0

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let limited = error as? LimitedKeyError
            let reply = reply(to: limited?.underlying ?? error, request, context)
            // Hummingbird's own count sees a response here and no error.
            Counter(
                label: "hb.request.errors",
                dimensions: [
                    ("http.route", context.endpointPath ?? "NotFound"),
                    ("http.request.method", request.method.rawValue),
                    ("error.type", String(reply.status.code)),
                ]
            ).increment()
            var response = Self.response(reply, to: request)
            if let limited { response.headers.add(limited.allowance) }
            return response
        }
    }

    private func reply(to error: any Error, _ request: Request, _ context: Context) -> ErrorReply {
        switch error {
        case let error as ErrorReply: return error
        case is HTTPParserError:
            return ErrorReply(
                status: .badRequest, message: "the body is not well-formed HTTP", type: "invalid_request_error",
                code: "invalid_http")
        case let error as HTTPError: return ErrorReply(error, request: request, routes: routes)
        default:
            if let reply = ErrorReply(error) { return reply }
            context.logger.error("request failed", metadata: ["reason": "\(error)"])
            return ErrorReply(
                status: .internalServerError, message: "something failed here: the log has request id \(context.id)",
                type: "server_error", code: "internal_error")
        }
    }

    static func response(_ reply: ErrorReply, to request: Request) -> Response {
        var response = Response(json: ErrorDialect(of: request).body(of: reply), status: reply.status)
        // A client would read the body of a HEAD response as the start of the next response.
        if request.method == .head { response.body = ResponseBody() }
        if !reply.allowed.isEmpty {
            response.headers[.allow] = reply.allowed.map(\.rawValue).joined(separator: ", ")
        }
        if let seconds = reply.retryAfterSeconds {
            response.headers[.retryAfter] = String(Int(max(1, min(seconds, Self.maximumRetryAfter)).rounded(.up)))
        }
        return response
    }
}

/// The dialect of error bodies.
enum ErrorDialect {
    case openAI, anthropic

    /// Anthropic's on its route and for requests with `anthropic-version`.
    init(of request: Request) {
        let path = request.uri.path
        let isMessages = ["/v1/messages", "/messages"].contains { path == $0 || path.hasPrefix($0 + "/") }
        self = isMessages || request.headers[.anthropicVersion] != nil ? .anthropic : .openAI
    }

    /// The error body in this dialect.
    func body(of reply: ErrorReply) -> [UInt8] {
        switch self {
        case .openAI:
            ErrorBody.json(message: reply.message, type: reply.type, code: reply.code, field: reply.field)
        case .anthropic: AnthropicWriter.error(message: reply.message, type: Self.anthropicType(reply.status))
        }
    }

    /// Anthropic derives the error type from the status.
    private static func anthropicType(_ status: HTTPResponse.Status) -> String {
        switch status.code {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 504: "timeout_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
