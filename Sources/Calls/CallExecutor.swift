import Dialects
package import Domain
import JSON
package import Ledger
package import Logging
import Routing
package import Upstream

/// Calls models for steps, each in a slot of its model and on the account of the step.
package struct CallExecutor: Sendable {
    let registry: ModelRegistry
    let limiter: ConcurrencyLimiter
    package let upstream: UpstreamClient
    let ledger: LedgerStore
    let limits: ServiceLimits
    package let keys: APIKeys
    let logger: Logger
    /// Owner of what has to be repeated after a failure; nil repeats it in place.
    let pool: WorkPool?
    /// What models' servers refused, by model.
    let mends = MendMemory()
    let failures = FailureMetrics()
    /// Makes spans of calls; nil for none.
    package var tracer: SpanTracer?

    package init(
        registry: ModelRegistry, limiter: ConcurrencyLimiter, upstream: UpstreamClient, ledger: LedgerStore,
        limits: ServiceLimits, keys: APIKeys, pool: WorkPool? = nil, logger: Logger
    ) {
        self.registry = registry
        self.limiter = limiter
        self.upstream = upstream
        self.ledger = ledger
        self.limits = limits
        self.keys = keys
        self.pool = pool
        self.logger = logger
    }

    /// Calls one model. Nil if the model is unknown or has no price today.
    ///
    /// A failed call is booked or released already. An answer is for the caller to commit, or to `reject`.
    ///
    /// - Parameter delivery: the stream that gets the answer as it comes; nil collects it whole.
    package func attempt(
        _ model: ModelID, _ prepared: PreparedStep, delivery: StreamDelivery? = nil
    ) async -> CallAttempt.Result? {
        guard let priced = prepared.context.models.first(where: { $0.model.id == model }),
            let prepared = prepared.asked(of: model)
        else { return nil }
        guard Candidates.shares(of: prepared.step, priced.model).calls == 1 else {
            return await SeveralCalls(calls: self, prepared: prepared, priced: priced, delivery: delivery).run()
        }
        return await CallAttempt(calls: self, prepared: prepared, priced: priced, delivery: delivery).run()
    }

    /// Calls the decision's model only, for callers that choose the next model themselves.
    ///
    /// - Returns: an answer to commit. A streamed one is returned unverified.
    /// - Throws: `.upstream` if the call failed, or the answer's form did not pass the policy's verification.
    package func answer(
        _ prepared: PreparedStep, delivery: StreamDelivery? = nil
    ) async throws -> StepOutcome {
        let model = prepared.decision.model
        switch await attempt(model, prepared, delivery: delivery) {
        case .answered(let outcome):
            guard delivery == nil, prepared.context.policy.verify,
                let problem = AnswerCheck(tools: prepared.request.tools).problem(with: outcome.answer)
            else { return outcome }
            await reject(outcome, prepared)
            throw ServiceError.noAnswer([(model, .malformed(host: model.rawValue, reason: problem))])
        case .failed(let error, _, _): throw ServiceError.noAnswer([(model, error)])
        case .unpaid(let error): throw error
        case nil: throw ServiceError.noAnswer([])
        }
    }

    /// Settles a rejected answer at full cost, with a zero baseline.
    package func reject(_ outcome: StepOutcome, _ prepared: PreparedStep) async {
        var commit = outcome.commit
        for index in commit.settlements.indices {
            commit.settlements[index].entry.result.outcome = .failed
            commit.settlements[index].entry.call.baseline = prepared.zeroBaseline
        }
        await book(commit)
    }

    /// Enters a model's server with its key, and once more with a new key where the server refuses the first one (401).
    /// An error status of that kind is not billed.
    package func entering<Result>(
        _ access: EndpointAccess, _ call: (Credentials) async throws(UpstreamError) -> Result
    ) async throws(UpstreamError) -> Result {
        let credentials = try await keys.credentials(for: access)
        do throws(UpstreamError) {
            return try await call(credentials)
        } catch {
            guard error.refusesKey(isSigned: access.signing != nil),
                let others = try await keys.renewed(credentials, for: access)
            else { throw error }
            return try await call(others)
        }
    }

    /// A call of a model within the service's limits.
    func chatCall(
        to endpoint: Endpoint, of model: Model, _ credentials: Credentials, body: JSONDocument,
        original: OriginalRequest? = nil,
        isStreaming: Bool,
        removing removed: [String]
    ) -> ChatCall {
        ChatCall(
            endpoint: endpoint, credentials: credentials, body: body, original: original,
            isStreaming: isStreaming, maximumOutputTokens: model.maxOutputTokens, removedMembers: removed,
            timeouts: UpstreamTimeouts(
                firstByte: .seconds(limits.firstByteSeconds), idle: .seconds(limits.idleSeconds),
                total: .seconds(limits.callSeconds)),
            maximumResponseBytes: limits.answerBytes, cancellation: .drain(within: .seconds(limits.drainSeconds)))
    }
}

extension UpstreamError {
    /// Whether the server does not take the key. AWS refuses an expired signature with 403.
    fileprivate func refusesKey(isSigned: Bool) -> Bool {
        guard case .status(let failure) = self else { return false }
        return failure.status == 401 || isSigned && failure.status == 403
    }

    /// Whether the failure is the server's fault, not the request's.
    var isFaultOfServer: Bool {
        switch self {
        case .status(let failure): !failure.isRefusal
        case .invalidRequest, .cancelled, .overloaded, .resting, .stopped, .undecided, .timeout(.queue, _, _, _): false
        // A caller's own limit says nothing of the server.
        case .timeout(.firstToken, _, _, _): false
        case .noCredentials, .connect, .tls, .timeout, .reset, .tooLarge, .malformed: true
        case .outOfRetries(let error): error.isFaultOfServer
        }
    }
}
