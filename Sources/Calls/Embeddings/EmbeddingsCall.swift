import Dialects
package import Domain
import JSON
package import Ledger
package import Routing
import Upstream

/// One paid call of a model that makes embeddings.
package struct EmbeddingsCall: Sendable {
    private struct Answer: PaidAnswer {
        var body: [UInt8]
        var model: String?
        var reported: ReportedUsage?
        /// An answer is read whole or not at all.
        var failure: UpstreamError? { nil }
        var firstByteSeconds: Double? { nil }
        var usedTokens: Int? { reported?.believed.map { $0.promptTokens + $0.completionTokens } }
    }

    let calls: CallExecutor
    let request: EmbeddingsRequest
    let priced: PricedModel
    let decision: Decision
    let economics: Economics
    let attribution: Attribution
    let trace: TraceContext?

    /// A call of one model.
    package init(
        calls: CallExecutor, request: EmbeddingsRequest, priced: PricedModel, decision: Decision, economics: Economics,
        attribution: Attribution, trace: TraceContext? = nil
    ) {
        self.calls = calls
        self.request = request
        self.priced = priced
        self.decision = decision
        self.economics = economics
        self.attribution = attribution
        self.trace = trace
    }

    /// Calls the model and commits the entry together with the decision.
    package func run() async throws -> EmbeddingsReply {
        let call = PaidCall<Answer>(
            calls: calls, priced: priced, planned: try planned(), upperBound: try upperBound(),
            trace: trace, operation: "embeddings", perform: answer(_:))
        switch await call.run() {
        case .answered(let answer, let receipt): return try await settle(answer, receipt)
        case .failed(let error, _): throw ServiceError.noAnswer([(priced.model.id, error)])
        case .unpaid(let error): throw error
        }
    }

    @Sendable private func answer(_ start: CallStart) async throws(UpstreamError) -> Answer {
        let client = calls.upstream
        let response = try await calls.entering(start.endpoint.access) {
            (credentials) async throws(UpstreamError) -> UpstreamResponse in
            var call = calls.chatCall(
                to: start.endpoint, of: priced.model, credentials, body: request.document, isStreaming: false,
                removing: ["hera"])
            call.trace = start.trace
            return try await client.exchange(
                try OpenAIWire().embeddingsRequest(call), mending: call.endpoint, calls.mends)
        }
        let body = try await response.collect(upTo: calls.limits.answerBytes)
        guard let document = try? JSONMender.whole(body), let data = document.root["data"], data.kind == .array,
            data.count == request.count
        else {
            throw .malformed(
                host: response.body.host, reason: "its answer has not the \(request.count) embeddings asked for")
        }
        return Answer(
            body: document.bytes, model: document.root["model"]?.string,
            reported: OpenAIWire.reportedUsage(document.root["usage"], isEmbedding: true))
    }

    // MARK: Booking

    private func planned() throws -> PlannedCall {
        PlannedCall(
            runID: decision.runID, attribution: attribution, decisionID: decision.id, model: priced.model.id,
            provider: priced.model.provider, placement: priced.model.placement, stage: decision.stage,
            catalogVersion: decision.catalogVersion, priceAsOf: priced.price.asOf,
            predicted: try predicted(tokens: request.tokens.likely))
    }

    private func upperBound() throws -> Amounts {
        let most = try predicted(tokens: request.tokens.atMost)
        return Amounts(
            money: most.cost.total, tokens: Int64(request.tokens.atMost),
            microjoules: Amounts.microjoules(most.energyJoules) ?? .max)
    }

    private func predicted(tokens: Int) throws -> CallFigures {
        do throws(PriceError) {
            return try figures(Usage(input: tokens))
        } catch {
            throw ServiceError.modelUnavailable(priced.model.id, reason: error.description)
        }
    }

    /// Money, energy and time of a usage: by the catalog if nothing was measured.
    private func figures(
        _ usage: Usage, seconds: Double? = nil, joules measured: Double? = nil
    ) throws(PriceError) -> CallFigures {
        let forecast = Forecast(priced, economics: economics)
        let prompt = Double(usage.promptTokens)
        let busy = forecast.busySeconds(prompt, 0)
        let joules = measured ?? forecast.joules(promptTokens: prompt, outputTokens: 0)
        return CallFigures(
            cost: try forecast.cost(of: usage, joules: joules, busySeconds: busy), energyJoules: joules,
            latencySeconds: seconds ?? priced.model.speed.overheadSeconds + busy)
    }

    private func settle(_ answer: Answer, _ receipt: CallReceipt) async throws -> EmbeddingsReply {
        let (usage, isCounted) = (answer.reported ?? .none).filled(
            by: Usage(input: request.tokens.likely), most: max(priced.model.contextTokens, request.tokens.atMost))
        let used = PricedUsage(
            usage, isCounted: isCounted, model: priced.model.id, upperBound: receipt.reservation.upperBound,
            seconds: receipt.seconds, logger: calls.logger
        ) { usage throws(PriceError) in
            try figures(usage, seconds: receipt.seconds, joules: receipt.joules)
        }
        let entry = receipt.entry(
            used, kind: used.isCertain ? .call : .uncertain, call: receipt.reservation.call,
            servedModel: answer.model.map(calls.withoutKey(of: priced.model)))
        receipt.span?.end(entry)
        var decision = decision
        decision.attempts = [
            Attempt(
                model: priced.model.id, isAccepted: true, reason: "not verified", entryID: entry.id,
                endpoint: receipt.endpoint)
        ]
        _ = try await calls.commit(
            StepCommit(
                settlements: [(entry.id, entry)],
                decisions: [DecisionRecord(decision: decision, attribution: attribution, at: .now())]))
        return EmbeddingsReply(
            decision: decision, model: priced.model.id, cost: used.figures.cost.total, body: answer.body)
    }
}

/// The answer to an embeddings request.
package struct EmbeddingsReply: Sendable {
    package let decision: Decision
    package let model: ModelID
    package let cost: Money
    /// The body that the model's server sent.
    package let body: [UInt8]
}
