package import Domain
package import Upstream

/// Why a call, step or job failed. A mistake of the caller by field is a `FieldError`, a plan that cannot be made a
/// `RoutingError`, a budget without room a `LedgerError`.
package enum ServiceError: CodedError {
    case unknownModel(String, suggestion: String?)
    /// A known model that cannot be called now, with the reason and the way out.
    case modelUnavailable(ModelID, reason: String)
    /// Every candidate's server rejected the request itself: one of them, with the most telling words.
    case refused(model: ModelID, UpstreamFailure)
    /// Every candidate failed; their errors in the order of the calls.
    case upstream([(model: ModelID, error: UpstreamError)])
    case notFound(kind: String, id: String)
    /// The resource's state does not allow the operation.
    case conflict(String)
    case shuttingDown

    /// The error of a step that no model answered.
    ///
    /// It is the caller's fault where every model that was asked refused the request.
    package static func noAnswer(_ failures: [(model: ModelID, error: UpstreamError)]) -> ServiceError {
        let refusals = failures.compactMap { failure in failure.error.refusal.map { (failure.model, $0) } }
        guard !refusals.isEmpty, refusals.count == failures.count else { return .upstream(failures) }
        // A prompt too long for one model is beside the point where one with more context refused something else.
        let others = refusals.filter { !$0.1.isContextOverflow }
        let candidates = others.isEmpty ? refusals : others
        let best = candidates.reduce(candidates[0]) { $1.1.clarity > $0.1.clarity ? $1 : $0 }
        return .refused(model: best.0, best.1)
    }

    package var description: String {
        switch self {
        case .unknownModel(let name, let suggestion):
            "no model or policy is named '\(name)'"
                + (suggestion.map { "; did you mean '\($0)'?" } ?? "; GET /v1/models lists them")
        case .modelUnavailable(let model, let reason): "\(model) cannot be called: \(reason)"
        case .refused(let model, let failure) where failure.isContextOverflow:
            // Agents know by these words that they have to shorten their history.
            "prompt is too long: \(model) refused the request: \(failure.message)"
        case .refused(let model, let failure): "\(model) refused the request: \(failure.message)"
        case .upstream(let failures):
            "no model answered: " + failures.map { "\($0.model): \($0.error)" }.joined(separator: "; ")
        case .notFound(let kind, let id): "there is no \(kind) '\(id)'"
        case .conflict(let reason): reason
        case .shuttingDown: "the service is shutting down; try again in a moment"
        }
    }
}

extension ServiceError {
    /// Whether the one refusal that is told is of the prompt's length.
    package var isContextOverflow: Bool {
        guard case .refused(_, let failure) = self else { return false }
        return failure.isContextOverflow
    }

    /// By what the caller can do: another name, another request, or another moment.
    package var code: String {
        switch self {
        case .unknownModel: "model_not_found"
        case .modelUnavailable: "model_unavailable"
        case .refused(_, let failure) where failure.isContextOverflow: "context_length_exceeded"
        case .refused: "refused_by_model"
        case .upstream(let failures): UpstreamVerdict(failures.map(\.error)).rawValue
        case .notFound(let kind, _): "\(kind.replacing(" ", with: "_"))_not_found"
        case .conflict: "conflict"
        case .shuttingDown: "shutting_down"
        }
    }
}

/// The common cause of the failures of all candidates. The raw value is the error's code.
package enum UpstreamVerdict: String, Sendable {
    /// Every server limits the rate of calls.
    case rateLimited = "rate_limited"
    /// Every server is overloaded or limits the rate.
    case overloaded
    /// The last server was too slow.
    case timedOut = "upstream_timeout"
    case failed = "upstream_error"

    package init(_ errors: [UpstreamError]) {
        if !errors.isEmpty, errors.allSatisfy(\.isRateLimit) {
            self = .rateLimited
        } else if !errors.isEmpty, errors.allSatisfy(\.isOverload) {
            self = .overloaded
        } else if case .timeout = errors.last?.cause {
            self = .timedOut
        } else {
            self = .failed
        }
    }
}

extension UpstreamError {
    /// Whether the server limits the rate of calls, or rests because it did.
    var isRateLimit: Bool {
        switch self {
        case .status(let failure): failure.status == 429
        case .resting(_, _, let isRateLimited): isRateLimited
        case .outOfRetries(let error): error.isRateLimit
        default: false
        }
    }

    /// Whether the same call may succeed later: the server is overloaded, limits the rate or rests, or too many calls
    /// wait for it.
    fileprivate var isOverload: Bool {
        switch self {
        case .status(let failure):
            failure.isOverload && (failure.status != 503 || failure.retryAfterSeconds != nil)
        case .resting, .overloaded, .timeout(.queue, _, _, _): true
        case .outOfRetries(let error): error.isOverload
        default: false
        }
    }

    /// Seconds after which it is worth asking again; nil where nothing is known of it.
    package var retryAfterSeconds: Double? {
        switch self {
        case .status(let failure): failure.retryAfterSeconds ?? (failure.status == 429 ? 1 : nil)
        case .resting(_, let seconds, _): seconds
        case .overloaded, .timeout(.queue, _, _, _): Self.pauseOfFullQueue
        case .outOfRetries(let error): error.retryAfterSeconds
        default: nil
        }
    }

    private static let pauseOfFullQueue = 5.0

    /// The refusal of the request by its server, or by the server's dialect, which cannot say it.
    package var refusal: UpstreamFailure? {
        switch self {
        case .status(let failure) where failure.isRefusal: failure
        case .invalidRequest(let reason):
            UpstreamFailure(
                status: 400, code: nil, message: reason, field: Self.field(in: reason), retryAfterSeconds: nil,
                isRetryable: false)
        default: nil
        }
    }

    /// The member of the request before the colon of a reason such as `tools[0].type: ...`.
    private static func field(in reason: String) -> String? {
        let name = reason.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_.[]".contains($0)) }
        return !name.isEmpty && reason.dropFirst(name.count).hasPrefix(": ") ? String(name) : nil
    }
}

extension UpstreamFailure {
    /// How much the failure tells a caller of what to change: a named member first, then the longer message.
    fileprivate var clarity: Int { (field == nil ? 0 : 1000) + (code == nil ? 0 : 20) + message.count }
}
