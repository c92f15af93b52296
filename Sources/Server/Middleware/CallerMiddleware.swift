import Calls
import Dialects
import Digest
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Logging
import NIOCore
import Steps

/// Authenticates the caller, and rejects requests without a valid key where one is required.
///
/// The operator key (`HERA_API_KEY`) permits everything. Ledger keys (`hera keys create`) and tokens of the settings'
/// issuers (`jwt`) carry a team, models, a policy, budgets and rates. A presented key is always verified. Without a
/// required key, cross-origin requests are rejected (``CrossOriginCheck``).
struct CallerMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let ledger: LedgerStore
    let tokens: JWTVerifier
    /// SHA-256 of the operator key, or nil.
    let operatorKey: [UInt8]?
    /// Whether requests without a key are rejected.
    let needsKey: Bool
    let settings: CurrentSettings
    let wrongKeys = WrongKeyLimiter()
    let runningCalls = KeyCallLimiter()

    /// Public paths: health checks, the page with its files, and the API description.
    private static let publicPaths = PagesController.paths.union(["/", "/healthz", "/readyz"])

    private static let maximumSessionBytes = 256

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
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
        context.caller.labels = try Self.labels(in: request)
        context.caller.metadataTags = settings.value.metadataTags
        guard !Self.publicPaths.contains(request.uri.path) else { return try await next(request, context) }
        let text = Self.key(in: request)
        // A signature cannot be guessed, so wrong tokens are not counted.
        if let text, tokens.isToken(text) {
            let caller = try await tokenCaller(text)
            if let user = caller.user { try context.caller.labels.setUser(user, field: "the token's user") }
            return try await answer(request, context, caller.key, next)
        }
        let digest = text.map { SHA256.hash(utf8: $0) }
        let address = context.channel.remoteAddress?.ipAddress ?? ""
        if needsKey, let digest, let seconds = wrongKeys.refusal(of: digest, from: address, at: .now()) {
            throw ErrorReply(
                status: .tooManyRequests, message: "too many wrong keys came from this address: try again later",
                type: "rate_limit_error", code: "too_many_wrong_keys", retryAfterSeconds: seconds)
        }
        if let digest, let operatorKey, isEqualInConstantTime(digest, operatorKey) {
            wrongKeys.recordRight(digest)
            context.isOperator = true
            return try await next(request, context)
        }
        if let text, text.hasPrefix("hera-") {
            let key: AccessKey
            do {
                key = try await ledger.authenticate(text, at: .now())
            } catch {
                guard case .badKey(let reason) = error else { throw error }
                wrongKeys.recordWrong(from: address, at: .now())
                throw Self.refusal(reason)
            }
            if let digest { wrongKeys.recordRight(digest) }
            return try await answer(request, context, key, next)
        } else if needsKey {
            if text != nil { wrongKeys.recordWrong(from: address, at: .now()) }
            throw Self.refusal("the key is missing or wrong: send it as `Authorization: Bearer ...`")
        }
        return try await next(request, context)
    }

    /// Whom a token names; its limits are a key's.
    private func tokenCaller(_ text: String) async throws -> TokenCaller {
        do throws(JWTFault) {
            let caller = try await tokens.caller(of: text, at: .now())
            ledger.recordLimits(of: caller.key, at: .now())
            return caller
        } catch {
            throw ErrorReply(error)
        }
    }

    /// The response to a key's request. What the key has left of its limits is said with it, refusals included.
    private func answer(
        _ request: Request, _ context: Context, _ key: AccessKey,
        _ next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            var response = try await admitted(request, context, key, next)
            if let allowance = allowance(of: key) { response.headers.add(allowance) }
            return response
        } catch {
            guard let allowance = allowance(of: key) else { throw error }
            throw LimitedKeyError(underlying: error, allowance: allowance)
        }
    }

    private func allowance(of key: AccessKey) -> KeyAllowance? {
        guard key.requestsPerMinute != nil || key.tokensPerMinute != nil else { return nil }
        return ledger.allowance(of: key.id, at: .now())
    }

    /// The response to a key's request within its limits. A call under way ends with the body of its response.
    private func admitted(
        _ request: Request, _ context: Context, _ key: AccessKey,
        _ next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        // Before the rate: a call that is refused here takes none of it.
        var call: KeyCall?
        if request.method == .post, let most = key.concurrentCalls {
            call = KeyCall(runningCalls, key: key.id, most: most)
            guard call != nil else {
                throw ErrorReply(
                    status: .tooManyRequests,
                    message: "the key '\(key.id)' has \(most) calls under way, as many as it may at the same time: "
                        + "wait for one to end, or ask the operator for more",
                    type: "rate_limit_error", code: "too_many_calls", retryAfterSeconds: 1)
            }
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
        var response = try await next(request, context)
        guard let call else { return response }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { call.end() }
            try await body.write(writer)
        }
        return response
    }

    /// The caller's session id. Limited in length because every step stores it.
    private static func session(in request: Request) throws -> String? {
        guard let session = request.headers[.heraSession] else { return nil }
        guard session.utf8.count <= maximumSessionBytes else {
            throw FieldError(
                "x-hera-session", "is longer than \(maximumSessionBytes) bytes: name the run by a short id")
        }
        return session
    }

    /// The end user and the tags that the caller names.
    private static func labels(in request: Request) throws -> CallLabels {
        var labels = CallLabels()
        if let user = request.headers[.heraUser] { try labels.setUser(user, field: "x-hera-user") }
        if let tags = request.headers[.heraTags] { try labels.add(list: tags, field: "x-hera-tags") }
        return labels
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

/// Why a request of a key with limits failed, with what the key has left of them.
struct LimitedKeyError: Error {
    let underlying: any Error
    let allowance: KeyAllowance
}

extension ErrorReply {
    /// A token that does not let its caller in. The token is never repeated.
    init(_ fault: JWTFault) {
        switch fault {
        case .bad(let reason):
            self.init(
                status: .unauthorized, message: "the token \(reason)", type: "invalid_request_error",
                code: "invalid_token")
        case .forbidden(let reason):
            self.init(
                status: .forbidden, message: reason, type: "invalid_request_error", code: "token_not_permitted")
        case .unavailable(let reason):
            self.init(
                status: .serviceUnavailable,
                message: "the token cannot be verified now, because the keys of its issuer cannot be had: \(reason)",
                type: "server_error", code: "token_keys_unavailable", retryAfterSeconds: JWTVerifier.retrySeconds)
        }
    }
}

/// The context of a request: Hummingbird's storage and the authenticated caller.
struct HeraContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The authenticated caller.
    var caller = Caller()
    /// Whether the caller showed the operator's key.
    var isOperator = false
    /// The connection.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The caller with the labels of a request's body.
    func caller(of body: JSONDocument) throws(FieldError) -> Caller {
        var caller = caller
        caller.labels = try caller.labels.adding(body.root, tagsNamed: caller.metadataTags)
        return caller
    }
}
