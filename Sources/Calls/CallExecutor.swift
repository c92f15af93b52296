import Dialects
package import Domain
package import Ledger
package import Logging
import Routing
package import Upstream

/// Does a routed step: reserves, calls, books, and lets the next candidate answer where one fails.
package struct CallExecutor: Sendable {
    let registry: ModelRegistry
    let limiter: ConcurrencyLimiter
    package let upstream: UpstreamClient
    let ledger: LedgerStore
    let limits: ServiceLimits
    package let keys: APIKeys
    let logger: Logger

    package init(
        registry: ModelRegistry, limiter: ConcurrencyLimiter, upstream: UpstreamClient, ledger: LedgerStore,
        limits: ServiceLimits,
        keys: APIKeys, logger: Logger
    ) {
        self.registry = registry
        self.limiter = limiter
        self.upstream = upstream
        self.ledger = ledger
        self.limits = limits
        self.keys = keys
        self.logger = logger
    }

    /// Calls the chosen model, then the fallbacks, until one has answered in a form that the policy takes.
    ///
    /// - Parameter delivery: where an answer is streamed to while it comes; nil to collect it whole. Once its first
    ///   bytes have gone out, no other model can answer any more.
    /// - Returns: the answer and what the ledger still has to be told of it (`StepOutcome.commit`); the attempts that
    ///   failed before are booked already.
    package func answer(_ prepared: PreparedStep, delivery: StreamDelivery? = nil) async throws(ServiceError)
        -> StepOutcome
    {
        var failures: [(model: ModelID, error: UpstreamError)] = []
        let check = AnswerCheck(tools: prepared.request.tools)
        for model in prepared.modelsInOrder {
            guard let result = await attempt(model, prepared, delivery: delivery) else { continue }
            switch result {
            case .answered(let outcome):
                guard delivery == nil, prepared.context.policy.verify, let problem = check.problem(with: outcome.answer)
                else { return outcome }
                await reject(outcome, prepared)
                failures.append((model, .malformed(host: model.rawValue, reason: problem)))
            case .failed(let error, let isFinal):
                failures.append((model, error))
                if isFinal { throw Self.ended(failures) }
            case .unpaid(let error):
                throw .ledger(error)
            }
        }
        throw Self.ended(failures)
    }

    /// One call of one model, in one of its slots. Nil where the model cannot be called at all.
    ///
    /// What failed is booked or released already; what was answered is for the caller to commit, or to `reject`.
    package func attempt(
        _ model: ModelID, _ prepared: PreparedStep, delivery: StreamDelivery? = nil
    ) async -> CallAttempt.Result? {
        guard let priced = prepared.context.models.first(where: { $0.model.id == model }) else { return nil }
        let attempt = CallAttempt(calls: self, prepared: prepared, priced: priced, delivery: delivery)
        let result = await limiter.withSlot(of: priced.model, for: prepared.attribution) {
            let first = await attempt.run()
            // The connection broke before a word: that is booked, and a second try may do better, if it can be paid.
            guard case .failed(.reset(_, bytesReceived: 0), _) = first else { return first }
            let second = await attempt.run()
            if case .unpaid = second { return first }
            return second
        }
        switch result {
        case .answered(let outcome):
            if let failure = outcome.failure, failure.isFaultOfServer {
                registry.recordFailure(model, reason: failure.description, at: .now())
            } else {
                registry.recordSuccess(model)
            }
        case .failed(let error, _):
            logger.warning(
                "call failed", metadata: ["model": "\(model)", "run": "\(prepared.step.runID)", "reason": "\(error)"])
            if error.isFaultOfServer { registry.recordFailure(model, reason: error.description, at: .now()) }
        case .unpaid: break
        }
        return result
    }

    /// Books an answer that was paid for and does not count: what was spent stays spent.
    package func reject(_ outcome: StepOutcome, _ prepared: PreparedStep) async {
        var commit = outcome.commit
        for index in commit.settlements.indices {
            commit.settlements[index].entry.result.outcome = .failed
            commit.settlements[index].entry.call.baseline = Baseline(model: prepared.decision.reference, figures: .zero)
        }
        await book(commit)
    }

    package func book(_ commit: StepCommit) async {
        do throws(LedgerError) {
            _ = try await ledger.commitStep(commit)
        } catch {
            // The reservation stays open and is booked at its upper bound at the next start.
            logger.critical("the ledger could not be written", metadata: ["reason": "\(error)"])
        }
    }

    /// The caller's own mistake is told as such, everything else as the servers' failure.
    package static func ended(_ failures: [(model: ModelID, error: UpstreamError)]) -> ServiceError {
        if let last = failures.last, case .status(let failure) = last.error, failure.isCallersFault {
            return .refused(model: last.model, failure)
        }
        return .upstream(failures)
    }
}

extension UpstreamError {
    /// Whether the failure speaks against the model's server, rather than against the request.
    var isFaultOfServer: Bool {
        switch self {
        case .status(let failure): !failure.isCallersFault
        case .invalidRequest, .cancelled, .overloaded, .stopped, .undecided, .timeout(.queue, _, _, _): false
        case .connect, .tls, .timeout, .reset, .tooLarge, .malformed: true
        }
    }
}

extension UpstreamFailure {
    /// Whether the same request would be refused by any model: it is malformed, too large or not allowed.
    package var isCallersFault: Bool { [400, 413, 422].contains(status) }
}
