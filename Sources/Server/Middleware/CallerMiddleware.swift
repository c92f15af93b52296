import Calls
import Crypto
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Logging
import NIOCore
import Steps

/// Finds out on whose account a request is made, and turns away those without a key where one is needed.
///
/// The operator's own key (`HERA_API_KEY`) may do everything; keys of the ledger (`hera keys create`) bring their team,
/// models, policy, budgets and rates. A key that is shown is checked even where none is needed. Where none is needed,
/// pages of strangers are turned away (``CrossOriginCheck``).
struct CallerMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let ledger: LedgerStore
    /// SHA-256 of the operator's key; nil where there is none.
    let operatorKey: SHA256Digest?
    /// Whether a request without any key is turned away.
    let needsKey: Bool

    /// Paths that hold nobody's data: what monitors ask, the page that asks for a key, and the description.
    private static let open: Set<String> = ["/healthz", "/readyz", "/dashboard", "/openapi.yaml"]

    private static let mostSessionBytes = 256

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        if !needsKey, let origin = HTTPField.Name("origin"),
            let problem = CrossOriginCheck.problem(authority: request.head.authority, origin: request.headers[origin])
        {
            throw ErrorReply(
                status: .forbidden,
                message: "this service has no key and answers programs on its own machine only, but \(problem): set "
                    + "HERA_API_KEY or make a key with `hera keys create`, and send it",
                type: "invalid_request_error", code: "foreign_page")
        }
        context.caller.session = try Self.session(in: request)
        guard !Self.open.contains(request.uri.path) else { return try await next(request, context) }
        let text = Self.key(in: request)
        if let text, let operatorKey, SHA256.hash(data: Array(text.utf8)) == operatorKey {
            // Digests are compared in constant time.
            return try await next(request, context)
        }
        if let text, text.hasPrefix("hera-") {
            let key: AccessKey
            do throws(LedgerError) {
                key = try await ledger.authenticate(text, at: .now())
            } catch {
                guard case .badKey(let reason) = error else { throw ServiceError.ledger(error) }
                throw Self.refusal(reason)
            }
            if request.method == .post, let refusal = ledger.admit(key, at: .now()) {
                throw ErrorReply(
                    status: .tooManyRequests, message: refusal.description, type: "rate_limit_error",
                    code: "rate_limited", retryAfterSeconds: Double(refusal.retryAfterSeconds))
            }
            context.caller.key = key.id
            context.caller.team = key.team
            context.caller.models = key.models
            context.caller.policy = key.policy
        } else if needsKey {
            throw Self.refusal("the key is missing or wrong: send it as `Authorization: Bearer ...`")
        }
        return try await next(request, context)
    }

    /// The run that the caller names. It is kept with every step, so it cannot be of any length.
    private static func session(in request: Request) throws -> String? {
        guard let session = request.headers[.heraSession] else { return nil }
        guard session.utf8.count <= mostSessionBytes else {
            throw ServiceError.badRequest(
                FieldError("x-hera-session", "is longer than \(mostSessionBytes) bytes: name the run by a short id"))
        }
        return session
    }

    private static func refusal(_ message: String) -> ErrorReply {
        ErrorReply(status: .unauthorized, message: message, type: "invalid_request_error", code: "invalid_api_key")
    }

    private static func key(in request: Request) -> String? {
        if let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") {
            return String(value.dropFirst(7))
        }
        return HTTPField.Name("x-api-key").flatMap { request.headers[$0] }
    }
}

/// What a request carries through the service besides itself.
struct HeraContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// On whose account the request is made.
    var caller = Caller()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}
