import Calls
import Dialects
import Domain
import JSON
import Ledger
import Routing
import Upstream

/// Helper calls of a step: text predictors, decomposers and subtasks.
extension StepExecutor {
    /// Limit of a predictor's or decomposer's answer in tokens.
    private static let helperOutputTokens = 400

    /// Asks a model to write the answers that others would give (the text-generating SP).
    mutating func predict(by model: ModelID, _ others: [ModelID]) async {
        var texts: [ModelID: String] = [:]
        for other in others {
            let prompt =
                "Write what the assistant named \(other) would answer to the conversation so far: its next message only."
            guard let outcome = await callHelper(model, prompt, reason: "wrote what \(other) would answer") else {
                machine.handle(.predictionFailed("\(model) did not answer"))
                return
            }
            texts[other] = outcome.answer.text
        }
        machine.predicted(texts)
    }

    /// Asks a model for the list of the step's subtasks.
    mutating func decompose(by model: ModelID) async {
        guard allowsSubtasks else {
            machine.handle(.decompositionFailed("a chat call is answered whole"))
            return
        }
        let task = SubtaskList.prompt(
            for: prepared.step.text.prompt, most: prepared.context.policy.sequence.decomposition.mostParts)
        guard let outcome = await callHelper(model, task, alone: true, reason: "was asked for the parts of the step")
        else {
            machine.handle(.decompositionFailed("\(model) did not answer"))
            return
        }
        machine.decomposed(outcome.answer.text)
    }

    /// Performs the subtasks one by one, each on its own model. The last answer is the step's.
    mutating func performSubtasks(_ shares: [RuleAction.Share]) async {
        var results: [(part: String, answer: String)] = []
        for (index, share) in shares.enumerated() {
            let isLast = index == shares.count - 1
            let part = "part \(index + 1) of \(shares.count)"
            let prompt = SubtaskPrompts.prompt(share.text, results: results, isLast: isLast)
            guard var copy = helperStep(share.model, prompt, offersTools: isLast) else {
                return abandonSubtasks(part, share.model)
            }
            if isLast { copy.purpose = .step }
            guard let outcome = await call(share.model, copy) else { return abandonSubtasks(part, share.model) }
            if isLast { return await evaluate(outcome, part: part) }
            await settle(outcome, "\(part), done")
            results.append((share.text, outcome.answer.text))
        }
    }

    /// Performs the step as a whole after all. The cost of the subtasks stays booked.
    private mutating func abandonSubtasks(_ part: String, _ model: ModelID) {
        let reason = "\(part) could not be done"
        attempts.append(Attempt(model: model, isAccepted: false, reason: reason))
        machine.handle(.failed(model, reason: reason))
    }

    /// Makes a helper call and books it at once; nil without an answer.
    private mutating func callHelper(
        _ model: ModelID, _ prompt: String, alone: Bool = false, reason: String
    ) async -> StepOutcome? {
        guard let copy = helperStep(model, prompt, alone: alone, most: Self.helperOutputTokens) else { return nil }
        guard let outcome = await call(model, copy) else {
            attempts.append(Attempt(model: model, isAccepted: false, reason: "\(reason); no answer came"))
            return nil
        }
        await settle(outcome, reason)
        return outcome
    }

    private mutating func settle(_ outcome: StepOutcome, _ reason: String) async {
        addCost(of: outcome)
        await stepService.calls.book(outcome.commit)
        attempts.append(
            Attempt(
                model: outcome.model, isAccepted: false, reason: reason, entryID: outcome.entryID,
                endpoint: outcome.endpoint))
    }

    private func call(_ model: ModelID, _ copy: PreparedStep) async -> StepOutcome? {
        guard case .answered(let outcome)? = await stepService.calls.attempt(model, copy) else { return nil }
        return outcome
    }

    /// The prepared step of a helper call: the conversation so far, or none, and one more message.
    private func helperStep(
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
