import Core
package import Ledger
package import Logging
import Routing
package import Upstream

/// Does a routed step: reserves, calls, books, and lets the next candidate answer where one fails.
package struct StepCaller: Sendable {
    let fleet: Fleet
    let slots: Slots
    let upstream: UpstreamClient
    let ledger: any LedgerStore
    let limits: ServiceLimits
    let keys: Keyring
    let logger: Logger

    package init(
        fleet: Fleet, slots: Slots, upstream: UpstreamClient, ledger: any LedgerStore, limits: ServiceLimits,
        keys: Keyring, logger: Logger
    ) {
        self.fleet = fleet
        self.slots = slots
        self.upstream = upstream
        self.ledger = ledger
        self.limits = limits
        self.keys = keys
        self.logger = logger
    }

    /// Calls the chosen model, then the fallbacks, until one has answered.
    ///
    /// - Parameter delivery: where an answer is streamed to while it comes; nil to collect it whole. Once its first
    ///   bytes have gone out, no other model can answer any more.
    /// - Returns: the answer and what the ledger still has to be told of it (`StepOutcome.commit`); the attempts that
    ///   failed before are booked already.
    func answer(_ order: StepOrder, delivery: StreamDelivery? = nil) async throws(EngineError) -> StepOutcome {
        var failures: [(model: ModelID, error: UpstreamError)] = []
        for model in order.modelsInOrder {
            guard let priced = order.context.models.first(where: { $0.model.id == model }) else { continue }
            let attempt = CallAttempt(caller: self, order: order, priced: priced, delivery: delivery)
            let result = await slots.withSlot(of: priced.model) { await attempt.run() }
            switch result {
            case .answered(let outcome):
                fleet.recordSuccess(model)
                return outcome
            case .failed(let error, let isFinal):
                logger.warning(
                    "call failed", metadata: ["model": "\(model)", "run": "\(order.step.runID)", "reason": "\(error)"])
                if error.isFaultOfServer {
                    fleet.recordFailure(model, reason: error.description, at: .now())
                }
                failures.append((model, error))
                if isFinal { throw Self.ended(failures) }
            case .unpaid(let error):
                throw .ledger(error)
            }
        }
        throw Self.ended(failures)
    }

    /// The caller's own mistake is told as such, everything else as the servers' failure.
    private static func ended(_ failures: [(model: ModelID, error: UpstreamError)]) -> EngineError {
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
        case .invalidRequest, .cancelled, .overloaded, .stopped: false
        case .connect, .tls, .timeout, .reset, .tooLarge, .malformed: true
        }
    }
}

extension UpstreamFailure {
    /// Whether the same request would be refused by any model: it is malformed, too large or not allowed.
    var isCallersFault: Bool { [400, 413, 422].contains(status) }
}
