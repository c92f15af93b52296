import Core
import Engine
import HTTPTypes
import Hummingbird
import Logging

/// Turns every error into OpenAI's error object with the right status, at this one place.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as EngineError {
            return Self.response(ErrorReply(error))
        } catch let error as FieldError {
            return Self.response(ErrorReply(EngineError.badRequest(error)))
        } catch let error as JSONError {
            return Self.response(ErrorReply(error))
        } catch let error as HTTPError {
            return Self.response(ErrorReply(error, request: request))
        } catch {
            context.logger.error("request failed", metadata: ["reason": "\(error)"])
            return Self.response(
                ErrorReply(
                    status: .internalServerError,
                    message: "something failed here: the log has request id \(context.id)",
                    type: "server_error", code: "internal_error"))
        }
    }

    static func response(_ reply: ErrorReply) -> Response {
        var response = Response(json: reply.body, status: reply.status)
        if let seconds = reply.retryAfterSeconds {
            response.headers[.retryAfter] = String(max(1, Int(seconds.rounded(.up))))
        }
        return response
    }
}
