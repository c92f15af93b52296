import Dialects
import Domain
import JSON
package import Ledger
import Logging
import Routing
package import Upstream

/// One call of one model for a step: reserved before, settled or released after.
package struct CallAttempt {
    /// How it ended.
    package enum Result: Sendable {
        case answered(StepOutcome)
        /// Booked or released already; where it is final, no other model shall try.
        case failed(UpstreamError, isFinal: Bool)
        /// The ledger set no money aside; nobody was called.
        case unpaid(LedgerError)
    }

    let calls: CallExecutor
    let prepared: PreparedStep
    let priced: PricedModel
    let delivery: StreamDelivery?

    private var bill: Bill { Bill(prepared: prepared, priced: priced) }

    func run() async -> Result {
        // Whoever has gone while others were asked wants no answer any more.
        if delivery?.channel.isAbandoned == true { return .failed(.cancelled, isFinal: true) }
        let reservation = ReservationRequest(
            id: Identifier.make("call"), at: .now(), call: bill.planned(baseline: nil), upperBound: bill.upperBound)
        do throws(LedgerError) {
            _ = try await calls.ledger.reserve(reservation)
        } catch {
            return .unpaid(error)
        }
        let started = ContinuousClock.now
        let measured = MeasuredCall(of: priced.model, by: calls.registry.energy)
        do throws(UpstreamError) {
            var reading = try await read(since: started)
            reading.joules = measured?.end()
            return await settle(reading, reservation: reservation.id, started: started)
        } catch {
            _ = measured?.end()
            return await giveUp(
                error.without(secret: calls.keys.key(for: priced.model.endpoint)), reservation: reservation.id,
                started: started)
        }
    }

    // MARK: Calling

    /// What was read of an answer.
    struct Reading: Sendable {
        var answer: ChatAnswer
        var openAIBytes: [UInt8]?
        var held: [ChatEvent] = []
        var firstTokenSeconds: Double?
        var outcome = CallOutcome.completed
        var failure: UpstreamError?
        /// What this machine's counter measured; nil where it has none or the model runs elsewhere.
        var joules: Double?
    }

    private func read(since started: ContinuousClock.Instant) async throws(UpstreamError) -> Reading {
        guard let delivery else {
            let completed = try await calls.upstream.complete(call)
            return Reading(
                answer: completed.answer, openAIBytes: completed.openAIBytes,
                firstTokenSeconds: completed.timing.firstByteSeconds)
        }
        return try await stream(to: delivery, since: started)
    }

    var call: ChatCall {
        var body = prepared.request.document
        // A server of the operator's own would write until its context is full.
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
        let limits = calls.limits
        return ChatCall(
            endpoint: priced.model.endpoint, key: calls.keys.key(for: priced.model.endpoint), body: body,
            original: prepared.request.original, isStreaming: delivery != nil,
            maximumOutputTokens: priced.model.maxOutputTokens,
            removedMembers: ["hera"] + dearerMembers(than: tier),
            timeouts: UpstreamTimeouts(
                firstByte: .seconds(limits.firstByteSeconds), idle: .seconds(limits.idleSeconds),
                total: .seconds(limits.callSeconds)),
            maximumResponseBytes: limits.answerBytes, cancellation: .drain(within: .seconds(limits.drainSeconds)))
    }

    /// A way of being served that may cost more than was set aside is the policy's to ask for (`service_tiers`).
    private func dearerMembers(than tier: ServiceTier) -> [String] {
        guard tier == .standard, let asked = prepared.request.document.root["service_tier"],
            !["auto", "default", "flex"].contains(asked.string)
        else { return [] }
        return ["service_tier"]
    }

    // MARK: Booking

    private func settle(
        _ reading: Reading, reservation: String, started: ContinuousClock.Instant
    ) async -> Result {
        let seconds = started.seconds
        // A count of zero is a count: it is what the server bills.
        let counted = reading.answer.usage
        let usage = counted ?? reading.answer.estimatedUsage(of: prepared.step)
        var bill = bill
        bill.served = reading.answer.serviceTier
        let figures: CallFigures
        do throws(PriceError) {
            figures = try bill.figures(
                usage: usage, timings: reading.answer.timings, seconds: seconds, measuredJoules: reading.joules)
        } catch {
            // Something was billed that the catalog has no price for: the upper bound is booked, never zero.
            calls.logger.error("unpriced usage", metadata: ["model": "\(priced.model.id)", "reason": "\(error)"])
            figures = upperBoundFigures(seconds: seconds)
        }
        let baseline = bill.baseline(usage: usage, true: figures, timings: reading.answer.timings)
        let entry = LedgerEntry(
            id: reservation, at: .now(), kind: kind(isKnown: counted != nil), call: bill.planned(baseline: baseline),
            result: CallResult(
                servedModel: reading.answer.model, usage: usage, figures: figures,
                energyProvenance: reading.joules == nil ? priced.model.energy?.provenance ?? .estimated : .measured,
                firstTokenSeconds: reading.firstTokenSeconds, outcome: reading.outcome,
                httpStatus: 200))
        return .answered(
            StepOutcome(
                model: priced.model.id, answer: reading.answer, openAIBytes: reading.openAIBytes, held: reading.held,
                figures: figures, entryID: entry.id, commit: StepCommit(settlements: [(reservation, entry)]),
                failure: reading.failure))
    }

    private func kind(isKnown: Bool) -> EntryKind {
        guard isKnown else { return .uncertain }
        return prepared.purpose == .audit ? .shadow : .call
    }

    /// After a failure without an answer: released where nothing can have been billed, else booked at the upper bound.
    private func giveUp(_ error: UpstreamError, reservation: String, started: ContinuousClock.Instant) async -> Result {
        if error.mayHaveBeenBilled {
            let entry = LedgerEntry(
                id: reservation, at: .now(), kind: .uncertain, call: bill.planned(baseline: zeroBaseline),
                result: CallResult(
                    usage: Usage(requests: 1), figures: upperBoundFigures(seconds: started.seconds),
                    outcome: .failed))
            await calls.book(StepCommit(settlements: [(reservation, entry)]))
        } else {
            await calls.book(StepCommit(releases: [reservation]))
        }
        let isFinal =
            if case .status(let failure) = error { failure.isCallersFault } else {
                error == .stopped || error == .cancelled
            }
        return .failed(error, isFinal: isFinal)
    }

    private func upperBoundFigures(seconds: Double) -> CallFigures {
        let bound = bill.upperBound
        return CallFigures(
            cost: CallCost(api: bound.money, energy: .zero, hardware: .zero),
            energyJoules: Double(bound.microjoules) / 1e6, latencySeconds: seconds)
    }

    /// Only the call that answers a step is compared with the reference; those that failed before it come on top.
    private var zeroBaseline: Baseline { Baseline(model: prepared.decision.reference, figures: .zero) }
}

extension ContinuousClock.Instant {
    /// Seconds from this instant to now.
    package var seconds: Double { duration(to: .now) / .seconds(1) }
}
