import Dialects
import Domain
import JSON
package import Ledger
import Routing
package import Upstream

/// One chat call of one model for a step.
package struct CallAttempt: Sendable {
    package enum Result: Sendable {
        case answered(StepOutcome)
        /// Booked or released already. After a final failure no other model is called.
        ///
        /// - Parameter at: names of the endpoints that were tried, where the model has several.
        case failed(UpstreamError, isFinal: Bool, at: [String] = [])
        /// The ledger refused the reservation; no server was called.
        case unpaid(LedgerError)
    }

    /// What was read of an answer.
    struct Reading: PaidAnswer {
        var answer: ChatAnswer
        /// The body in OpenAI's dialect where the server sent one.
        var openAIBytes: [UInt8]?
        var held: [ChatEvent] = []
        var firstTokenSeconds: Double?
        var outcome = CallOutcome.completed
        var failure: UpstreamError?
        var ending = AnswerEnding.whole
        /// Pieces of a stream that added to the answer; each has a token at least.
        var pieces = 0
        /// Whether the client has got something of the answer, so that no other model can answer.
        var hasBegun = false

        var firstByteSeconds: Double? { firstTokenSeconds }
        var usedTokens: Int? { answer.usage.map { $0.promptTokens + $0.completionTokens } }
    }

    let calls: CallExecutor
    let prepared: PreparedStep
    let priced: PricedModel
    let delivery: StreamDelivery?

    func run() async -> Result {
        let bill = Bill(prepared: prepared, priced: priced)
        let call = PaidCall<Reading>(
            calls: calls, priced: priced, planned: bill.planned(baseline: nil), upperBound: bill.upperBound,
            failedBaseline: prepared.zeroBaseline,
            isAbandoned: { delivery?.channel.isAbandoned == true || prepared.hasLeft() },
            hedge: prepared.purpose == .step ? prepared.context.policy.hedge : nil, isStream: delivery != nil,
            trace: prepared.trace, perform: read(_:))
        switch await call.run() {
        case .answered(let reading, let receipt):
            let outcome = settled(reading, receipt, bill)
            guard let failure = reading.failure, !reading.hasBegun else { return .answered(outcome) }
            await calls.reject(outcome, prepared)
            return .failed(failure, isFinal: false, at: receipt.endpoint.map { [$0] } ?? [])
        case .failed(let error, let endpoints): return .failed(error, isFinal: error.isFinal, at: endpoints)
        case .unpaid(let error): return .unpaid(error)
        }
    }

    // MARK: Calling

    private func read(_ start: CallStart) async throws(UpstreamError) -> Reading {
        guard let delivery else {
            let (completed, secrets) = try await calls.entering(start.endpoint.access) {
                (credentials) async throws(UpstreamError) -> (CompletedChat, [String]) in
                let call = self.call(start, credentials)
                return (try await calls.upstream.complete(call, remembering: calls.mends), credentials.secrets)
            }
            try start.take()
            return Reading(
                answer: completed.answer, openAIBytes: completed.openAIBytes,
                firstTokenSeconds: completed.timing.firstByteSeconds, brokenBy: completed.answer.failure,
                secrets: secrets)
        }
        guard prepared.purpose == .step, let seconds = prepared.context.policy.firstTokenSeconds else {
            return try await streamed(to: delivery, start, nil)
        }
        let limit = FirstTokenLimit(seconds: seconds)
        return try await limit.run(host: priced.model.id.rawValue) { () async throws(UpstreamError) -> Reading in
            try await streamed(to: delivery, start, limit)
        }
    }

    private func streamed(
        to delivery: StreamDelivery, _ start: CallStart, _ limit: FirstTokenLimit?
    ) async throws(UpstreamError) -> Reading {
        let (response, call) = try await calls.entering(start.endpoint.access) {
            (credentials) async throws(UpstreamError) -> (UpstreamResponse, ChatCall) in
            var call = self.call(start, credentials)
            if limit != nil { call.cancellation = .abort }
            return (try await calls.upstream.open(call, remembering: calls.mends), call)
        }
        return try await stream(response, of: call, to: delivery, start, limit)
    }

    private func call(_ start: CallStart, _ credentials: Credentials) -> ChatCall {
        var body = prepared.request.document
        // Without a limit, a server of the operator's own writes until its context is full.
        if priced.model.placement == .edge, prepared.step.maxOutputTokens == nil {
            let most = Candidates.outputTokensAtMost(priced.model, step: prepared.step)
            let limited = body.settingMembers([("max_tokens", Array(String(most).utf8))])
            body = (try? JSONDocument(limited)) ?? body
        }
        let tier = prepared.decision.candidate(priced.model.id)?.serviceTier ?? .standard
        if tier == .flex || tier == .priority, priced.model.endpoint.wire == .openAI {
            let asked = body.settingMembers([("service_tier", JSONWriter.quoted(tier.rawValue))])
            body = (try? JSONDocument(asked)) ?? body
        }
        var call = calls.chatCall(
            to: start.endpoint, of: priced.model, credentials, body: body, original: prepared.request.original,
            isStreaming: delivery != nil,
            removing: ["hera"] + dearerMembers(than: tier))
        call.trace = start.trace
        call.effort = prepared.effort
        call.asksLogProbabilities = asksLogProbabilities
        // A request that was slower than another one is not read on.
        if start.claim != nil { call.cancellation = .abort }
        let caching = PromptCaching(priced, step: prepared.step, tier: tier, isBatch: prepared.context.isBatch)
        call.marksCache = caching.setsMarks
        if caching.isExpectedToGoOn {
            var hash = StableHash()
            hash.combine(prepared.step.runID.utf8)
            call.cacheKey = "hera-\(hash.hexadecimal)"
        }
        return call
    }

    /// Whether log-probabilities are asked for: where they are free and can still change what the client gets.
    ///
    /// They cost an own server some of its time, so the reference is not asked: no answer would replace its own.
    private var asksLogProbabilities: Bool {
        guard priced.model.logProbabilities == .free, priced.model.endpoint.wire == .openAI,
            priced.model.id != prepared.decision.reference,
            prepared.context.policy.verifies, prepared.purpose != .audit,
            prepared.request.document.root["logprobs"] == nil, prepared.request.document.root["top_logprobs"] == nil
        else { return false }
        guard let delivery else { return true }
        // llama.cpp refuses them for streams with tools.
        return delivery.isHeldBack && prepared.request.tools == nil
    }

    /// Only the policy (`service_tiers`) may choose a tier that can cost more than the reservation.
    private func dearerMembers(than tier: ServiceTier) -> [String] {
        guard tier == .standard, let asked = prepared.request.document.root["service_tier"],
            !["auto", "default", "flex"].contains(asked.string)
        else { return [] }
        return ["service_tier"]
    }

    // MARK: Booking

    private func settled(_ reading: Reading, _ receipt: CallReceipt, _ bill: Bill) -> StepOutcome {
        var bill = bill
        bill.served = reading.answer.serviceTier
        let used = bill.used(
            reading.answer, ending: reading.ending, pieces: reading.pieces, timings: reading.answer.timings,
            seconds: receipt.seconds, measuredJoules: receipt.joules, logger: calls.logger)
        let baseline = bill.baseline(usage: used.usage, true: used.figures, timings: reading.answer.timings)
        let kind: EntryKind = !used.isCertain ? .uncertain : prepared.purpose == .audit ? .shadow : .call
        let entry = receipt.entry(
            used, kind: kind, call: bill.planned(baseline: baseline),
            servedModel: reading.answer.model.map(servedName),
            firstTokenSeconds: reading.firstTokenSeconds, outcome: reading.outcome)
        let failures = reading.failure.map {
            [FailedAttempt(at: entry.at, call: entry.call, reason: $0.reasonName, isBooked: true)]
        }
        receipt.span?.end(entry, failure: reading.failure, finishReason: reading.answer.finishReason?.openAIName)
        return StepOutcome(
            model: priced.model.id, endpoint: receipt.endpoint, answer: reading.answer,
            openAIBytes: reading.openAIBytes, held: reading.held,
            figures: used.figures, entryID: entry.id,
            commit: StepCommit(settlements: [(entry.id, entry)], failures: failures ?? []),
            failure: reading.failure)
    }
}

extension CallAttempt {
    /// The name that a server gave its model, without secrets. Where it is the catalog's own, no secret need be read.
    private func servedName(_ name: String) -> String {
        let isKnown = priced.model.endpoints.contains { $0.endpoint.modelName == name }
        return isKnown ? name : calls.withoutKey(of: priced.model)(name)
    }
}

extension CallAttempt.Reading {
    /// A whole answer, which its server may have broken off with an error.
    init(
        answer: ChatAnswer, openAIBytes: [UInt8]? = nil, firstTokenSeconds: Double?, brokenBy failure: UpstreamFailure?,
        secrets: [String]
    ) {
        self.init(answer: answer, openAIBytes: openAIBytes, firstTokenSeconds: firstTokenSeconds)
        guard let failure else { return }
        self.failure = UpstreamError.status(failure).without(secrets: secrets)
        ending = .stopped
        outcome = .failed
    }
}

extension UpstreamError {
    /// Whether no other model can help: the service ends, or the client has left.
    fileprivate var isFinal: Bool { self == .stopped || self == .cancelled }
}

extension ContinuousClock.Instant {
    /// Seconds from this instant to now.
    package var seconds: Double { duration(to: .now) / .seconds(1) }
}
