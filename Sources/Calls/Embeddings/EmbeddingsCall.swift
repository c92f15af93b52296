import Dialects
package import Domain
import JSON
package import Ledger
import Logging
package import Routing
import Upstream

/// One call of a model that makes vectors: reserved before, settled or released after, like any other.
package struct EmbeddingsCall: Sendable {
    let calls: CallExecutor
    let request: EmbeddingsRequest
    let priced: PricedModel
    let decision: Decision
    let economics: Economics
    let attribution: Attribution

    package init(
        calls: CallExecutor, request: EmbeddingsRequest, priced: PricedModel, decision: Decision, economics: Economics,
        attribution: Attribution
    ) {
        self.calls = calls
        self.request = request
        self.priced = priced
        self.decision = decision
        self.economics = economics
        self.attribution = attribution
    }

    private var forecast: Forecast { Forecast(priced, economics: economics) }

    /// Calls in one of the model's slots and books what came of it.
    package func run() async throws(ServiceError) -> EmbeddingsReply {
        let priced = priced
        let result = await calls.limiter.withSlot(of: priced.model, for: attribution) {
            () -> Result<EmbeddingsReply, ServiceError> in
            do throws(ServiceError) {
                return .success(try await call(mayRepeat: true))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func call(mayRepeat: Bool) async throws(ServiceError) -> EmbeddingsReply {
        let reservation = ReservationRequest(
            id: Identifier.make("call"), at: .now(), call: try planned(), upperBound: try upperBound())
        do throws(LedgerError) {
            _ = try await calls.ledger.reserve(reservation)
        } catch {
            throw .ledger(error)
        }
        let started = ContinuousClock.now
        let measured = MeasuredCall(of: priced.model, by: calls.registry.energy)
        let answered: Answer
        do throws(UpstreamError) {
            answered = try await answer()
        } catch {
            _ = measured?.end()
            if error.isFaultOfServer {
                calls.registry.recordFailure(priced.model.id, reason: error.description, at: .now())
            }
            await giveUp(error, reservation, seconds: started.seconds)
            // The connection broke before a word: that is booked, and a second try may do better.
            if mayRepeat, case .reset(_, bytesReceived: 0) = error { return try await call(mayRepeat: false) }
            throw CallExecutor.ended([
                (priced.model.id, error.without(secret: calls.keys.key(for: priced.model.endpoint)))
            ])
        }
        let joules = measured?.end()
        calls.registry.recordSuccess(priced.model.id)
        return try await settle(answered, reservation, seconds: started.seconds, joules: joules)
    }

    // MARK: Calling

    private struct Answer {
        var body: [UInt8]
        var model: String?
        var usage: Usage?
    }

    private func answer() async throws(UpstreamError) -> Answer {
        let limits = calls.limits
        let call = ChatCall(
            endpoint: priced.model.endpoint, key: calls.keys.key(for: priced.model.endpoint), body: request.document,
            isStreaming: false, maximumOutputTokens: priced.model.maxOutputTokens, removedMembers: ["hera"],
            timeouts: UpstreamTimeouts(
                firstByte: .seconds(limits.firstByteSeconds), idle: .seconds(limits.idleSeconds),
                total: .seconds(limits.callSeconds)),
            maximumResponseBytes: limits.answerBytes, cancellation: .drain(within: .seconds(limits.drainSeconds)))
        let client = calls.upstream
        let response = try await client.accept(try await client.send(try OpenAIWire().embeddingsRequest(call)))
        let body = try await response.collect(upTo: limits.answerBytes)
        guard let root = try? JSONDocument(body).root, let data = root["data"], data.kind == .array,
            data.count == request.count
        else {
            throw .malformed(
                host: response.body.host, reason: "its answer has not the \(request.count) embeddings asked for")
        }
        return Answer(body: body, model: root["model"]?.string, usage: OpenAIWire.usage(root["usage"]))
    }

    // MARK: Booking

    private func planned() throws(ServiceError) -> PlannedCall {
        PlannedCall(
            runID: decision.runID, attribution: attribution, decisionID: decision.id, model: priced.model.id,
            provider: priced.model.provider, placement: priced.model.placement, stage: decision.stage,
            catalogVersion: decision.catalogVersion, priceAsOf: priced.price.asOf,
            predicted: try figures(Usage(input: request.tokens.likely)))
    }

    private func upperBound() throws(ServiceError) -> Amounts {
        let most = try figures(Usage(input: request.tokens.atMost))
        return Amounts(
            money: most.cost.total, tokens: Int64(request.tokens.atMost),
            microjoules: Amounts.microjoules(most.energyJoules) ?? .max)
    }

    /// Money, energy and time of a usage, by the catalog where nothing was measured.
    private func figures(
        _ usage: Usage, seconds: Double? = nil, joules measured: Double? = nil
    ) throws(ServiceError) -> CallFigures {
        let prompt = Double(usage.promptTokens)
        let busy = forecast.busySeconds(prompt, 0)
        let joules = measured ?? forecast.joules(promptTokens: prompt, outputTokens: 0)
        do throws(PriceError) {
            return CallFigures(
                cost: try forecast.cost(of: usage, joules: joules, busySeconds: busy), energyJoules: joules,
                latencySeconds: seconds ?? priced.model.speed.overheadSeconds + busy)
        } catch {
            throw .modelUnavailable(priced.model.id, reason: error.description)
        }
    }

    private func settle(
        _ answer: Answer, _ reservation: ReservationRequest, seconds: Double, joules: Double?
    ) async throws(ServiceError) -> EmbeddingsReply {
        let counted = answer.usage
        let usage = counted ?? Usage(input: request.tokens.likely)
        var kind = counted == nil ? EntryKind.uncertain : .call
        let figures: CallFigures
        do {
            figures = try self.figures(usage, seconds: seconds, joules: joules)
        } catch {
            // Something was billed that the catalog has no price for: the upper bound is booked, never zero.
            calls.logger.error("unpriced usage", metadata: ["model": "\(priced.model.id)", "reason": "\(error)"])
            figures = atMost(reservation, seconds: seconds)
            kind = .uncertain
        }
        let entry = LedgerEntry(
            id: reservation.id, at: .now(), kind: kind, call: reservation.call,
            result: CallResult(
                servedModel: answer.model, usage: usage, figures: figures,
                energyProvenance: joules == nil ? priced.model.energy?.provenance ?? .estimated : .measured,
                httpStatus: 200))
        var decision = decision
        decision.attempts = [
            Attempt(model: priced.model.id, isAccepted: true, reason: "not verified", entryID: entry.id)
        ]
        do throws(LedgerError) {
            _ = try await calls.ledger.commitStep(
                StepCommit(
                    settlements: [(reservation.id, entry)],
                    decisions: [DecisionRecord(decision: decision, attribution: attribution, at: .now())]))
        } catch {
            throw .ledger(error)
        }
        return EmbeddingsReply(
            decision: decision, model: priced.model.id, cost: figures.cost.total, body: answer.body)
    }

    /// Released where nothing can have been billed, else booked at the upper bound.
    private func giveUp(_ error: UpstreamError, _ reservation: ReservationRequest, seconds: Double) async {
        if error.mayHaveBeenBilled {
            let entry = LedgerEntry(
                id: reservation.id, at: .now(), kind: .uncertain, call: reservation.call,
                result: CallResult(
                    usage: Usage(requests: 1), figures: atMost(reservation, seconds: seconds), outcome: .failed))
            await calls.book(StepCommit(settlements: [(reservation.id, entry)]))
        } else {
            await calls.book(StepCommit(releases: [reservation.id]))
        }
    }

    private func atMost(_ reservation: ReservationRequest, seconds: Double) -> CallFigures {
        let most = reservation.upperBound
        return CallFigures(
            cost: CallCost(api: most.money, energy: .zero, hardware: .zero),
            energyJoules: Double(most.microjoules) / 1e6, latencySeconds: seconds)
    }
}
