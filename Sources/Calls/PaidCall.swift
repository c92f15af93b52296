import Domain
import Ledger
import Logging
import Routing
import Upstream

/// What a model's server returned for a paid call.
protocol PaidAnswer: Sendable {
    /// The error that broke the answer off; nil for a whole answer.
    var failure: UpstreamError? { get }
    /// Tokens of prompt and answer as the server counted them; nil where it counted none.
    var usedTokens: Int? { get }
    /// Seconds to the first byte; nil where that was not measured.
    var firstByteSeconds: Double? { get }
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
        ///
        /// - Parameter at: names of the endpoints that were tried, where the model has several.
        case failed(UpstreamError, at: [String])
        /// The ledger refused the reservation; no server was called.
        case unpaid(LedgerError)
    }

    let calls: CallExecutor
    let priced: PricedModel
    let planned: PlannedCall
    let upperBound: Amounts
    /// The baseline of a call that fails.
    var failedBaseline: Baseline?
    /// Whether the client has disconnected.
    var isAbandoned: @Sendable () -> Bool = { false }
    /// When a second request is sent beside a slow one; nil for never.
    var hedge: HedgeRule?
    /// Whether the answer is passed on as it comes.
    var isStream = false
    /// The place in a trace that the call belongs to, and what its span says is done.
    var trace: TraceContext?
    var operation = "chat"
    /// Calls the server.
    let perform: @Sendable (CallStart) async throws(UpstreamError) -> Answer

    /// Endpoints that one call is tried at.
    private static var mostEndpoints: Int { 3 }

    /// Makes the call in one of the model's slots and records its outcome for the endpoint's circuit breaker.
    ///
    /// A failure before the first byte is tried once more: at another endpoint of the model, or at the same one where the
    /// connection broke. If no budget has room for the second try, the result is the first one's. The model's
    /// ``RetryBudget`` bounds such tries over all calls. An endpoint that rests is not called.
    func run() async -> Result {
        if let error = rest() { return notMade(error) }
        return await calls.limiter.withSlot(of: priced.model, for: planned.attribution, patience, orElse: notMade) {
            await tries()
        }
    }

    /// Counts a call that was not made: its model rests, its queue is full or too slow, or its client has left.
    func notMade(_ error: UpstreamError) -> Result {
        calls.failures.count(priced.model.id, error)
        return .failed(error, at: [])
    }

    private func tries() async -> Result {
        var tried: [String] = []
        var last: Result?
        calls.registry.earnRetry(priced.model.id, at: .now())
        while tried.count < Self.mostEndpoints {
            let chosen = calls.registry.choose(
                priced.model, for: planned.runID, tokens: Int(clamping: upperBound.tokens), excluding: Set(tried),
                heedsRest: hasClient, at: .now())
            let choice: EndpointChoice
            switch chosen {
            case .success(let made): choice = made
            case .failure(let error): return last ?? notMade(error)
            }
            let (result, asked) =
                tried.isEmpty ? await raced(choice) : (await attempts(at: choice), [choice.endpoint.name])
            if case .unpaid = result, let last { return last }
            tried += asked
            guard case .failed(let error, _) = result else { return result }
            let names = priced.model.endpoints.count > 1 ? tried : []
            last = .failed(error, at: names)
            guard tried.count < min(priced.model.endpoints.count, Self.mostEndpoints), error.mayPassElsewhere,
                !isAbandoned()
            else { break }
            guard calls.registry.takeRetry(priced.model.id, at: .now()) else {
                return .failed(.outOfRetries(error), at: names)
            }
        }
        return last ?? notMade(.cancelled)
    }

    /// Tries an endpoint, which the call leaves at the end, and records the outcome.
    ///
    /// - Parameter claim: asked before anything of the answer is passed on; false where another request has it.
    func attempts(
        at choice: EndpointChoice, claim: (@Sendable () -> Bool)? = nil
    ) async -> Result {
        var result = await attempt(at: choice.endpoint, claim: claim)
        // Another endpoint is better than the same one once more.
        if priced.model.endpoints.count == 1, case .failed(.reset(_, bytesReceived: 0), _) = result {
            result = await again(at: choice, after: result, claim: claim)
        }
        record(result, of: choice)
        calls.registry.leave(choice, of: priced.model.id, used: result.usedTokens, at: .now())
        return result
    }

    /// Tries the same endpoint once more after a moment.
    private func again(
        at choice: EndpointChoice, after result: Result, claim: (@Sendable () -> Bool)?
    ) async -> Result {
        guard case .failed(let error, let names) = result else { return result }
        guard calls.registry.takeRetry(priced.model.id, at: .now()) else {
            return .failed(.outOfRetries(error), at: names)
        }
        // A task that is cancelled meanwhile makes no request.
        try? await Task.sleep(for: .seconds(RetryPause.seconds(.random(in: 0..<1))))
        let second = await attempt(at: choice.endpoint, claim: claim)
        if case .unpaid = second { return result }
        return second
    }

    // MARK: One request

    /// Whether a client waits for the answer. Jobs and batches wait by themselves, and have pauses of their own.
    var hasClient: Bool { planned.attribution.batch == nil && planned.attribution.job == nil }

    private func rest() -> UpstreamError? {
        hasClient ? calls.registry.rest(of: priced.model.id, at: .now()) : nil
    }

    private var patience: ConcurrencyLimiter.Patience {
        guard hasClient else { return ConcurrencyLimiter.Patience() }
        return ConcurrencyLimiter.Patience(
            wait: .seconds(calls.limits.queueSeconds), mostWaiting: calls.limits.queuedCalls, isAbandoned: isAbandoned)
    }

    private func attempt(at endpoint: ModelEndpoint, claim: (@Sendable () -> Bool)?) async -> Result {
        if isAbandoned() { return notMade(.cancelled) }
        let reservation = ReservationRequest(
            id: Identifier.make("call"), at: .now(), call: planned, upperBound: upperBound)
        let made: Reservation
        do {
            made = try await calls.ledger.reserve(reservation)
        } catch {
            // What was written before the database failed is not known.
            if error.isTemporary { await calls.giveBack(reservation.id) }
            return .unpaid(error)
        }
        // A request that lost before it was sent cannot be billed.
        if Task.isCancelled {
            await calls.book(StepCommit(releases: [reservation.id]))
            return notMade(.cancelled)
        }
        let span = calls.tracer.map { CallSpan($0, operation, of: priced.model, for: planned, in: trace) }
        let start = CallStart(
            endpoint: endpoint.endpoint, reservation: made, claim: claim, trace: span?.trace ?? trace?.child())
        let measurement = MeasuredCall(of: priced.model, by: calls.registry.energy)
        do throws(UpstreamError) {
            let answer = try await perform(start)
            let joules = measurement?.end()
            let seconds = start.at.seconds
            await calls.waitForDisk(made)
            return .answered(
                answer,
                CallReceipt(
                    reservation: reservation, model: priced.model, endpoint: endpoint.shownName, seconds: seconds,
                    joules: joules, span: span))
        } catch {
            _ = measurement?.end()
            span?.end(error)
            // A request that lost while it waited for its key was never sent, and its key may be in order.
            if case .noCredentials = error, Task.isCancelled {
                await calls.book(StepCommit(releases: [reservation.id]))
                return notMade(.cancelled)
            }
            await close(reservation, after: error, seconds: start.at.seconds)
            return .failed(error.without(secrets: calls.keys.secrets(of: endpoint.endpoint.access)), at: [])
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

    private func record(_ result: Result, of choice: EndpointChoice) {
        let model = priced.model.id
        let id = EndpointID(model, choice.endpoint.name)
        switch result {
        case .answered(let answer, _):
            if let seconds = answer.firstByteSeconds {
                calls.registry.recordFirstByte(model, after: seconds, isStream: isStream)
            }
            guard let failure = answer.failure else {
                return calls.registry.recordSuccess(model, endpoint: id.name)
            }
            calls.failures.count(model, failure)
            if failure.isFaultOfServer {
                recordFailure(failure, of: choice)
            } else {
                calls.registry.recordSuccess(model, endpoint: id.name)
            }
        case .failed(let error, _):
            var facts: Logger.Metadata = [
                "model": "\(model)", "endpoint": "\(id.name)", "run": "\(planned.runID)", "reason": "\(error)",
            ]
            if let trace { facts["trace_id"] = "\(trace.traceText)" }
            calls.logger.warning("call failed", metadata: facts)
            if error.isFaultOfServer {
                recordFailure(error, of: choice)
            } else if error.refusal != nil, choice.isTrial {
                // A server that refuses a request is at work.
                calls.registry.recordSuccess(model, endpoint: id.name)
            } else if choice.isTrial {
                calls.registry.abandonTrial(of: id, at: .now())
            }
        case .unpaid: if choice.isTrial { calls.registry.abandonTrial(of: id, at: .now()) }
        }
    }

    private func recordFailure(_ error: UpstreamError, of choice: EndpointChoice) {
        calls.registry.recordFailure(
            EndpointID(priced.model.id, choice.endpoint.name), reason: error.description, of: error,
            isTrial: choice.isTrial, at: .now())
    }
}

extension PaidCall.Result {
    /// Tokens that the call took of its endpoint's limit; nil where that is not known.
    fileprivate var usedTokens: Int? {
        switch self {
        case .answered(let answer, _): answer.usedTokens
        case .failed(let error, _): error.mayHaveBeenBilled ? nil : 0
        case .unpaid: 0
        }
    }
}

extension UpstreamError {
    /// Whether another endpoint of the same model may answer: nothing came, and the request is not to blame.
    fileprivate var mayPassElsewhere: Bool { isFaultOfServer && isBeforeFirstByte && self != .stopped }
}
