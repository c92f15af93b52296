import Dialects
import Domain
import JSON
import Ledger
import Routing
import Upstream

/// Several answers to one request (`n`) of a model whose server gives one at a time: a call for each, reserved and booked
/// by itself. Together they are the choices of one answer.
struct SeveralCalls {
    let calls: CallExecutor
    let prepared: PreparedStep
    let priced: PricedModel
    let delivery: StreamDelivery?

    /// Calls at the same time; later ones wait.
    private static let width = 8

    func run() async -> CallAttempt.Result {
        guard let single else {
            return .failed(.invalidRequest(reason: "n cannot be taken from the request"), isFinal: false)
        }
        let results = await results(of: single)
        var outcomes: [StepOutcome] = []
        var failure: CallAttempt.Result?
        for result in results {
            if case .answered(let outcome) = result { outcomes.append(outcome) } else { failure = failure ?? result }
        }
        guard let failure else { return .answered(await delivered(outcomes)) }
        // The answers that there are have been paid; another candidate is asked for all of them.
        for outcome in outcomes { await calls.reject(outcome, prepared) }
        return failure
    }

    /// The step of one answer. Its call is whole even where the client wants a stream: the choices of a stream are
    /// written one after the other.
    private var single: PreparedStep? {
        guard let body = try? JSONDocument(prepared.request.document.removingMembers(["n"])),
            let request = try? prepared.request.replacing(document: body)
        else { return nil }
        var copy = prepared
        copy.request = request
        copy.step.choices = 1
        copy.callsOfStep = prepared.step.choices
        let (delivery, hasLeft) = (delivery, prepared.hasLeft)
        copy.hasLeft = { delivery?.channel.isAbandoned == true || hasLeft() }
        return copy
    }

    private func results(of single: PreparedStep) async -> [CallAttempt.Result] {
        await withTaskGroup(of: (Int, CallAttempt.Result).self) { group in
            let count = prepared.step.choices
            let attempt = CallAttempt(calls: calls, prepared: single, priced: priced, delivery: nil)
            var results: [CallAttempt.Result?] = Array(repeating: nil, count: count)
            var begun = min(count, Self.width)
            var hasFailed = false
            for number in 0..<begun { group.addTask { (number, await attempt.run()) } }
            while let (number, result) = await group.next() {
                results[number] = result
                if case .answered = result {} else { hasFailed = true }
                guard begun < count, !hasFailed else { continue }
                let next = begun
                begun += 1
                group.addTask { (next, await attempt.run()) }
            }
            return results.compactMap { $0 }
        }
    }

    /// One outcome of all answers, sent to the client where it wants a stream.
    private func delivered(_ outcomes: [StepOutcome]) async -> StepOutcome {
        var all = outcomes[0]
        for outcome in outcomes.dropFirst() {
            all.figures = all.figures.together(with: outcome.figures)
            all.commit.settlements += outcome.commit.settlements
            all.commit.failures += outcome.commit.failures
            all.failure = all.failure ?? outcome.failure
        }
        let answers = outcomes.map(\.answer)
        all.answer.reported = ReportedUsage(sumOf: answers)
        let writer = OpenAIWriter(id: all.answer.id ?? "", model: all.answer.model ?? "")
        all.openAIBytes = writer.body(choices: answers, usage: all.answer.usage)
        guard let delivery else { return all }
        let events = OpenAIEventWriter.events(of: answers, usage: all.answer.reported).filter(delivery.forwards)
        if delivery.isHeldBack {
            all.held = events
        } else {
            delivery.began(priced.model.id)
            _ = await delivery.channel.send(events, within: .seconds(calls.limits.idleSeconds))
        }
        return all
    }
}

extension CallFigures {
    /// The figures of two calls side by side.
    fileprivate func together(with other: CallFigures) -> CallFigures {
        func sum(_ part: KeyPath<CallCost, Money>) -> Money {
            (try? cost[keyPath: part].adding(other.cost[keyPath: part])) ?? Money(nanoUSD: .max)
        }
        return CallFigures(
            cost: CallCost(api: sum(\.api), energy: sum(\.energy), hardware: sum(\.hardware)),
            energyJoules: energyJoules + other.energyJoules,
            latencySeconds: max(latencySeconds, other.latencySeconds))
    }
}
