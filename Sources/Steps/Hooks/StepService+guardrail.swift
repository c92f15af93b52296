package import Calls
package import Dialects
import Domain
package import JSON
package import Ledger

/// What the operator's guardrail sees and changes: requests before they are routed, and answers before they are passed
/// on.
extension StepService {
    private func guardrail(_ isAsked: (GuardrailRule) -> Bool) -> Guardrail? {
        guard let rule = settings.guardrail, isAsked(rule) else { return nil }
        return Guardrail(rule: rule, upstream: calls.upstream, keys: calls.keys, logger: logger)
    }

    /// Whether answers are checked, so that streams are held back.
    var checksAnswers: Bool { settings.guardrail?.checksAnswers == true }

    /// The request with the guardrail's changes; throws where it refuses.
    package func guarded(_ request: ChatRequest, run: String, _ account: Attribution) async throws -> ChatRequest {
        if checksAnswers, request.isStream, request.choices > 1 {
            throw FieldError("n", "must be 1 in a stream whose answer a guardrail checks: ask without `stream`")
        }
        guard let guardrail = guardrail(\.checksRequests) else { return request }
        let call = Guardrail.Call(run: run, model: request.model, account: account)
        guard let others = try await guardrail.changes(to: request.texts.texts, .before, of: call) else {
            return request
        }
        return try request.replacing(texts: others)
    }

    /// The body of a request that is not routed, or of a batch's row, with the guardrail's changes; throws where it
    /// refuses.
    package func guarded(_ body: JSONDocument, run: String, _ account: Attribution) async throws -> JSONDocument {
        guard let guardrail = guardrail(\.checksRequests) else { return body }
        let call = Guardrail.Call(run: run, model: body.root["model"]?.string ?? "", account: account)
        let texts = JSONTexts(ofRequest: body)
        guard let others = try await guardrail.changes(to: texts.texts, .before, of: call) else { return body }
        return try texts.replaced(by: others)
    }

    /// The outcome with the guardrail's changes.
    ///
    /// - Throws: where it refuses the answer, which is booked by then.
    package func guarded(
        _ outcome: StepOutcome, of prepared: PreparedStep, _ delivery: StreamDelivery? = nil
    ) async throws -> StepOutcome {
        guard let guardrail = guardrail(\.checksAnswers), delivery?.isHeldBack ?? true else { return outcome }
        let call = Guardrail.Call(
            run: prepared.step.runID, model: outcome.model.rawValue, account: prepared.attribution)
        let texts = AnswerTexts(outcome.answer, openAIBytes: outcome.openAIBytes)
        do throws(GuardrailError) {
            guard let others = try await guardrail.changes(to: texts.texts, .after, of: call) else { return outcome }
            var changed = outcome
            (changed.answer, changed.openAIBytes) = texts.replaced(by: others)
            if let delivery { changed.replaceHeld(for: delivery, id: prepared.step.id) }
            return changed
        } catch {
            await calls.reject(outcome, prepared)
            throw error
        }
    }
}

extension StepOutcome {
    /// Makes the events held back anew from the answer. One that broke off gets no end.
    fileprivate mutating func replaceHeld(for delivery: StreamDelivery, id: String) {
        let isBroken = failure != nil
        held = answer.events(id: id, model: "\(model)").filter { event in
            delivery.forwards(event) && !(isBroken && event.delta.finishReason != nil)
        }
    }
}
