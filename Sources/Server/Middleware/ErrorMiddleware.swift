import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Logging

/// Turns every error into the caller's error object with the right status, at this one place.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let routes: RouteTable

    /// Seconds, a month: whatever a model's server says, clients are told no more.
    private static let longestWait = 2_678_400.0

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Self.response(reply(to: error, request, context), to: request)
        }
    }

    private func reply(to error: any Error, _ request: Request, _ context: Context) -> ErrorReply {
        switch error {
        case let error as ErrorReply: return error
        case let error as ServiceError: return ErrorReply(error)
        case let error as FieldError: return ErrorReply(.badRequest(error))
        case let error as JSONError: return ErrorReply(error)
        case let error as HTTPError: return ErrorReply(error, request: request, routes: routes)
        default:
            context.logger.error("request failed", metadata: ["reason": "\(error)"])
            return ErrorReply(
                status: .internalServerError, message: "something failed here: the log has request id \(context.id)",
                type: "server_error", code: "internal_error")
        }
    }

    static func response(_ reply: ErrorReply, to request: Request) -> Response {
        var response = Response(json: ErrorDialect(of: request).body(of: reply), status: reply.status)
        // An answer to HEAD with a body would be read as the beginning of the next one.
        if request.method == .head { response.body = ResponseBody() }
        if !reply.allowed.isEmpty {
            response.headers[.allow] = reply.allowed.map(\.rawValue).joined(separator: ", ")
        }
        if let seconds = reply.retryAfterSeconds {
            response.headers[.retryAfter] = String(Int(max(1, min(seconds, Self.longestWait)).rounded(.up)))
        }
        return response
    }
}
