package import Domain
package import Ledger
package import Logging
import Routing
import Upstream

/// What a model's server returned for a paid call.
protocol PaidAnswer: Sendable {
    /// The error that broke the answer off; nil for a whole answer.
    var failure: UpstreamError? { get }
}

/// One call of one model that is paid for: reserved, performed, then settled, released, or booked as uncertain.
///
/// The reservation holds the highest possible bill. A failed call is released if the server cannot have billed it.
/// Otherwise it is booked at that upper bound. The reservation is committed before the server is called. Its flush may
/// run while the server answers, and no part of the answer is passed on before it.
struct PaidCall<Answer: PaidAnswer>: Sendable {
    enum Result: Sendable {
        /// Still reserved: the receipt's owner settles it.
        case answered(Answer, CallReceipt)
        /// Released or booked already. The error holds no secret.
        case failed(UpstreamError)
        /// The ledger refused the reservation; no server was called.
        case unpaid(LedgerError)
    }

    let calls: CallExecutor
    let priced: PricedModel
    let planned: PlannedCall
    let upperBound: Amounts
    /// The baseline of a call that fails.
    var failedBaseline: Baseline?
    /// Whether the client disconnected before the call begins.
    var isAbandoned: @Sendable () -> Bool = { false }
    /// The place in a trace that the call belongs to, and what its span says is done.
    var trace: TraceContext?
    var operation = "chat"
    /// Calls the server. Its arguments are the start of the call, its reservation, which has to be on disk before anything
    /// of the answer is passed on (`CallExecutor.waitForDisk`), and the place in a trace that the server is told.
    let perform: @Sendable (ContinuousClock.Instant, Reservation, TraceContext?) async throws(UpstreamError) -> Answer

    /// Makes the call in one of the model's slots and records its outcome for the model's circuit breaker.
    ///
    /// A connection that broke before the first byte is tried a second time. If no budget has room for the second
    /// try, the result is the first one's. A model that rests is not called.
    func run() async -> Result {
        let model = priced.model
        if let error = rest() { return notMade(error) }
        return await calls.limiter.withSlot(of: model, for: planned.attribution, patience, orElse: notMade) {
            var isTrial = false
            if hasClient {
                switch calls.registry.admit(model.id, at: .now()) {
                case .success(let isOne): isTrial = isOne
                case .failure(let error): return notMade(error)
                }
            }
            let result = await tries()
            record(result, isTrial: isTrial)
            return result
        }
    }

    /// Counts a call that was not made: its model rests, its queue is full or too slow, or its client has left.
    private func notMade(_ error: UpstreamError) -> Result {
        calls.failures.count(priced.model.id, error)
        return .failed(error)
    }

    private func tries() async -> Result {
        let first = await attempt()
        guard case .failed(.reset(_, bytesReceived: 0)) = first else { return first }
        let second = await attempt()
        if case .unpaid = second { return first }
        return second
    }

    /// Whether a client waits for the answer. Jobs and batches wait by themselves, and have pauses of their own.
    private var hasClient: Bool { planned.attribution.batch == nil && planned.attribution.job == nil }

    private func rest() -> UpstreamError? {
        hasClient ? calls.registry.rest(of: priced.model.id, at: .now()) : nil
    }

    private var patience: ConcurrencyLimiter.Patience {
        guard hasClient else { return ConcurrencyLimiter.Patience() }
        return ConcurrencyLimiter.Patience(
            wait: .seconds(calls.limits.queueSeconds), mostWaiting: calls.limits.queuedCalls, isAbandoned: isAbandoned)
    }

    private func attempt() async -> Result {
        if isAbandoned() { return notMade(.cancelled) }
        let reservation = ReservationRequest(
            id: Identifier.make("call"), at: .now(), call: planned, upperBound: upperBound)
        let made: Reservation
        do throws(LedgerError) {
            made = try await calls.ledger.reserve(reservation)
        } catch {
            // What was written before the database failed is not known.
            if error.isTemporary { await calls.giveBack(reservation.id) }
            return .unpaid(error)
        }
        let started = ContinuousClock.now
        let measurement = MeasuredCall(of: priced.model, by: calls.registry.energy)
        let span = calls.tracer.map { CallSpan($0, operation, of: priced.model, for: planned, in: trace) }
        do throws(UpstreamError) {
            let answer = try await perform(started, made, span?.trace ?? trace?.child())
            let joules = measurement?.end()
            let seconds = started.seconds
            await calls.waitForDisk(made)
            return .answered(
                answer,
                CallReceipt(
                    reservation: reservation, model: priced.model, seconds: seconds, joules: joules, span: span))
        } catch {
            _ = measurement?.end()
            span?.end(error)
            await close(reservation, after: error, seconds: started.seconds)
            return .failed(error.without(secret: calls.keys.key(for: priced.model.endpoint)))
        }
    }

    /// Releases a failed call, or books it at its upper bound if it may have been billed.
    private func close(_ reservation: ReservationRequest, after error: UpstreamError, seconds: Double) async {
        calls.failures.count(priced.model.id, error)
        guard error.mayHaveBeenBilled else {
            calls.failures.countUnbilled(priced.model.id)
            return await calls.book(
                StepCommit(
                    releases: [reservation.id],
                    failures: [
                        FailedAttempt(at: .now(), call: planned, reason: error.reasonName, isBooked: false)
                    ]))
        }
        var call = reservation.call
        call.baseline = failedBaseline
        let entry = LedgerEntry(
            id: reservation.id, at: .now(), kind: .uncertain, call: call,
            result: CallResult(
                usage: Usage(requests: 1), figures: CallFigures(atMost: upperBound, latencySeconds: seconds),
                outcome: .failed))
        await calls.book(
            StepCommit(
                settlements: [(reservation.id, entry)],
                failures: [FailedAttempt(at: .now(), call: planned, reason: error.reasonName, isBooked: true)]))
    }

    private func record(_ result: Result, isTrial: Bool) {
        let model = priced.model.id
        switch result {
        case .answered(let answer, _):
            guard let failure = answer.failure else { return calls.registry.recordSuccess(model) }
            calls.failures.count(model, failure)
            if failure.isFaultOfServer {
                recordFailure(failure, isTrial: isTrial)
            } else {
                calls.registry.recordSuccess(model)
            }
        case .failed(let error):
            var facts: Logger.Metadata = [
                "model": "\(model)", "run": "\(planned.runID)", "reason": "\(error)",
            ]
            if let trace { facts["trace_id"] = "\(trace.traceText)" }
            calls.logger.warning("call failed", metadata: facts)
            if error.isFaultOfServer {
                recordFailure(error, isTrial: isTrial)
            } else if error.refusal != nil, isTrial {
                // A server that refuses a request is at work.
                calls.registry.recordSuccess(model)
            } else if isTrial {
                calls.registry.abandonTrial(of: model, at: .now())
            }
        case .unpaid: if isTrial { calls.registry.abandonTrial(of: model, at: .now()) }
        }
    }

    private func recordFailure(_ error: UpstreamError, isTrial: Bool) {
        calls.registry.recordFailure(
            priced.model.id, reason: error.description, of: error, isTrial: isTrial, at: .now())
    }
}

/// An answered call that is still reserved, with what the ledger entry needs of it.
struct CallReceipt: Sendable {
    let reservation: ReservationRequest
    let model: Model
    let seconds: Double
    /// Joules by this machine's counter; nil without a counter, or if the model runs elsewhere.
    let joules: Double?
    /// The call's span, which ends with its entry.
    let span: CallSpan?

    /// The entry that settles the reservation.
    func entry(
        _ used: PricedUsage, kind: EntryKind, call: PlannedCall, servedModel: String?,
        firstTokenSeconds: Double? = nil, outcome: CallOutcome = .completed
    ) -> LedgerEntry {
        LedgerEntry(
            id: reservation.id, at: .now(), kind: kind, call: call,
            result: CallResult(
                servedModel: servedModel, usage: used.usage, figures: used.figures,
                energyProvenance: joules == nil ? model.energy?.provenance ?? .estimated : .measured,
                firstTokenSeconds: firstTokenSeconds, outcome: outcome, httpStatus: 200))
    }
}

/// The usage of a finished call with its price.
package struct PricedUsage: Sendable {
    package let usage: Usage
    package let figures: CallFigures
    /// False if a part is an estimate, or the catalog has no price for it.
    package let isCertain: Bool

    /// Prices a usage. One without a price costs the upper bound, never zero.
    ///
    /// - Parameter isCounted: whether the server counted all of it; else a part is an estimate.
    package init(
        _ usage: Usage, isCounted: Bool, model: ModelID, upperBound: Amounts, seconds: Double, logger: Logger,
        price: (Usage) throws(PriceError) -> CallFigures
    ) {
        self.usage = usage
        do throws(PriceError) {
            figures = try price(usage)
            isCertain = isCounted
        } catch {
            logger.error("unpriced usage", metadata: ["model": "\(model)", "reason": "\(error)"])
            figures = CallFigures(atMost: upperBound, latencySeconds: seconds)
            isCertain = false
        }
    }
}
