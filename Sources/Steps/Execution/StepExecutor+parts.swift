import Calls
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Upstream

/// Calls beside the step's own: what a text predictor writes, a decomposer's list, and the parts of a step.
extension StepExecutor {
    /// Longest text that a predictor or decomposer writes, in tokens.
    private static let mostWords = 400

    /// Lets a model write what others would answer (the text-generating SP).
    mutating func predict(by model: ModelID, _ others: [ModelID]) async {
        var texts: [ModelID: String] = [:]
        for other in others {
            let prompt =
                "Write what the assistant named \(other) would answer to the conversation so far: its next message only."
            guard let outcome = await aside(model, prompt, words: "wrote what \(other) would answer") else {
                machine.handle(.predictionFailed("\(model) did not answer"))
                return
            }
            texts[other] = outcome.answer.text
        }
        machine.predicted(texts)
    }

    mutating func decompose(by model: ModelID) async {
        guard allowsSubtasks else {
            machine.handle(.decompositionFailed("a chat call is answered whole"))
            return
        }
        let task = SubtaskList.prompt(
            for: prepared.step.text.prompt, most: prepared.context.policy.sequence.decomposition.mostParts)
        guard let outcome = await aside(model, task, alone: true, words: "was asked for the parts of the step") else {
            machine.handle(.decompositionFailed("\(model) did not answer"))
            return
        }
        machine.decomposed(outcome.answer.text)
    }

    /// Does the parts one after another, each on its own model; the last one's answer is the step's.
    mutating func split(_ shares: [RuleAction.Share]) async {
        var results: [(part: String, answer: String)] = []
        for (index, share) in shares.enumerated() {
            let isLast = index == shares.count - 1
            let part = "part \(index + 1) of \(shares.count)"
            let prompt = SubtaskPrompts.prompt(share.text, results: results, isLast: isLast)
            guard var copy = aside(share.model, prompt, offersTools: isLast) else { return undo(part, share.model) }
            if isLast { copy.purpose = .step }
            guard let outcome = await answer(share.model, copy) else { return undo(part, share.model) }
            if isLast { return await judge(outcome, part: part) }
            await settle(outcome, "\(part), done")
            results.append((share.text, outcome.answer.text))
        }
    }

    /// The step is done whole after all; what the parts have cost stays booked.
    private mutating func undo(_ part: String, _ model: ModelID) {
        let reason = "\(part) could not be done"
        attempts.append(Attempt(model: model, isAccepted: false, reason: reason))
        machine.handle(.failed(model, reason: reason))
    }

    /// One call beside the step's own, booked at once.
    private mutating func aside(
        _ model: ModelID, _ prompt: String, alone: Bool = false, words: String
    ) async -> StepOutcome? {
        guard let copy = aside(model, prompt, alone: alone, most: Self.mostWords) else { return nil }
        guard let outcome = await answer(model, copy) else {
            attempts.append(Attempt(model: model, isAccepted: false, reason: "\(words); no answer came"))
            return nil
        }
        await settle(outcome, words)
        return outcome
    }

    private mutating func settle(_ outcome: StepOutcome, _ words: String) async {
        note(outcome)
        await stepService.calls.book(outcome.commit)
        attempts.append(Attempt(model: outcome.model, isAccepted: false, reason: words, entryID: outcome.entryID))
    }

    private func answer(_ model: ModelID, _ copy: PreparedStep) async -> StepOutcome? {
        guard case .answered(let outcome)? = await stepService.calls.attempt(model, copy) else { return nil }
        return outcome
    }

    /// The order of a call beside the step's own: the conversation so far (or none) and one message more.
    private func aside(
        _ model: ModelID, _ prompt: String, alone: Bool = false, offersTools: Bool = false, most: Int? = nil
    ) -> PreparedStep? {
        // The messages of another dialect are not split.
        guard prepared.request.original == nil else { return nil }
        let body = SubtaskPrompts.body(
            prepared.request, adding: prompt, alone: alone, offersTools: offersTools, most: most)
        guard let document = try? JSONDocument(body), let request = try? ChatRequest(document) else { return nil }
        var copy = prepared
        copy.request = request
        copy.purpose = .part
        copy.step = request.step(id: prepared.step.id, runID: prepared.step.runID, previousModel: nil)
        copy.step.position = prepared.step.position
        let estimates = stepService.estimator.estimates(of: copy.step.text, for: copy.context.models.map(\.model))
        copy.decision = machine.decision
        copy.decision.candidates = Candidates.of(copy.step, in: copy.context) { model in
            let prediction = estimates.prediction(for: model)
            let isNumber = (prediction.quality + prediction.outputTokens.mean).isFinite
            return isNumber ? prediction : TierPrior.prediction(of: model.tier)
        }
        copy.decision.model = model
        copy.decision.stage = .sd
        copy.decision.fallbacks = []
        guard let candidate = copy.decision.candidate(model), candidate.rejection == nil,
            let most = try? spent.adding(candidate.worstCaseCost)
        else { return nil }
        if let budget = prepared.context.remaining.budget, most > budget { return nil }
        return copy
    }
}
