import Core
import Crypto
import Engine
import HTTPTypes
import Hummingbird

/// Finds out on whose account a request is made, and turns away those without the service's key where one is set.
struct CallerMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    /// SHA-256 of the key that callers have to send; nil where anybody on this machine may call.
    let keyDigest: SHA256Digest?

    /// Paths that monitors ask without a key.
    private static let open: Set<String> = ["/healthz", "/readyz"]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller.session = request.headers[.heraSession]
        if let keyDigest, !Self.open.contains(request.uri.path) {
            // Digests are compared in constant time.
            guard let key = Self.key(in: request), SHA256.hash(data: Array(key.utf8)) == keyDigest else {
                return ErrorMiddleware.response(
                    ErrorReply(
                        status: .unauthorized,
                        message:
                            "the key is missing or wrong: send the service's HERA_API_KEY as `Authorization: Bearer`",
                        type: "invalid_request_error", code: "invalid_api_key"))
            }
        }
        return try await next(request, context)
    }

    private static func key(in request: Request) -> String? {
        if let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") {
            return String(value.dropFirst(7))
        }
        return HTTPField.Name("x-api-key").flatMap { request.headers[$0] }
    }
}
