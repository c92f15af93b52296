package import Calls
import Domain
import Ledger
import Logging
import Routing
import Upstream

extension StepService {
    /// The account of a policy's audits: the operator's, never the caller's.
    static func auditAttribution(policy: String?) -> Attribution {
        Attribution(team: "hera:shadow", session: "shadow:\(policy ?? "default")")
    }

    /// Records a served step and submits the policy's share of steps for an audit by the reference. A call of a named
    /// model is routed on paper where the settings ask for it.
    ///
    /// Returns at once: the audit runs in the pool after the response.
    package func learn(from prepared: PreparedStep, _ outcome: StepOutcome) {
        learning.recordStep(
            by: outcome.model, policyName: prepared.policyName, policy: prepared.context.policy,
            loss: prepared.decision.predictedLoss(on: outcome.model))
        guard outcome.failure == nil else { return }
        if prepared.decision.stage == .pinned {
            guard let (policy, rule) = settings.dryPolicy else { return }
            _ = pool.submit { await dryRun(prepared, outcome, policy: policy, rule: rule) }
            return
        }
        guard let rule = settings.shadow(ofPolicy: prepared.policyName), rule.mode == .audit,
            Double.random(in: 0..<1) < rule.share
        else { return }
        _ = pool.submit { await audit(prepared, outcome, rule: rule) }
    }

    /// Calls the reference for a step and stores the agreement of both answers.
    private func audit(_ prepared: PreparedStep, _ outcome: StepOutcome, rule: ShadowRule) async {
        let reference = prepared.decision.reference
        do {
            // A step of the reference itself, asked with everything, agrees by definition and needs no call.
            guard outcome.model != reference || prepared.decision.candidate(reference)?.isWhole == false else {
                return try await recordAudit(1, of: prepared, outcome, rule)
            }
            guard
                let copy = auditStep(
                    of: prepared, prepared.decision.askingWhole(reference), to: reference, policy: prepared.policyName)
            else { return learning.recordFailedAudit() }
            if let session = copy.attribution.session {
                try await learning.setBudget(rule, of: session, at: .now())
            }
            guard let answer = await auditAnswer(copy) else { return learning.recordFailedAudit() }
            _ = try await calls.commit(answer.commit)
            try await recordAudit(
                AnswerAgreement.score(outcome.answer, reference: answer.answer), of: prepared, outcome, rule)
        } catch {
            learning.recordFailedAudit()
            logger.error("audit not stored", metadata: ["step": "\(prepared.step.id)", "reason": "\(error)"])
        }
    }

    /// The answer of an audit's model; nil on failure or without room in the audit budget.
    func auditAnswer(_ copy: PreparedStep) async -> StepOutcome? {
        do {
            return try await calls.answer(copy)
        } catch {
            logger.info("audit skipped", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// A copy of a step for one model, on the operator's account; nil where the model cannot serve it.
    func auditStep(
        of prepared: PreparedStep, _ decision: Decision, to model: ModelID, policy: String?
    ) -> PreparedStep? {
        guard prepared.context.models.contains(where: { $0.model.id == model }),
            decision.candidate(model)?.rejection == nil
        else { return nil }
        var copy = prepared
        copy.decision = decision
        copy.purpose = .audit
        copy.hasLeft = { false }
        copy.attribution = Self.auditAttribution(policy: policy)
        // The audited run's totals must exclude the operator's costs.
        copy.step.runID = copy.attribution.session ?? "shadow"
        copy.decision.model = model
        copy.decision.fallbacks = []
        copy.context.policy = Policy(verify: .off)
        return copy
    }

    private func recordAudit(
        _ score: Double, of prepared: PreparedStep, _ outcome: StepOutcome, _ rule: ShadowRule
    ) async throws {
        let candidate = prepared.decision.prediction(of: outcome.model)
        _ = try await learning.observe(
            QualityObservation(
                id: Identifier.make("obs"), source: .audit, target: .step(prepared.step.id),
                decisionID: prepared.decision.id, runID: prepared.step.runID, model: outcome.model,
                reference: prepared.decision.reference, policy: prepared.policyName ?? "",
                predictedQuality: candidate?.prediction.quality, predictedSimilarity: candidate?.similarity,
                score: score, at: .now()),
            share: rule.share)
    }
}

extension Decision {
    /// Predicted quality of the reference, asked for everything, less that of the model that answered; nil for named
    /// models and composed answers.
    func predictedLoss(on model: ModelID) -> Double? {
        guard stage != .pinned, stage != .sd, let kept = candidate(model), let best = candidate(reference) else {
            return nil
        }
        return (wholeReferenceQuality ?? best.prediction.quality) - kept.prediction.quality
    }

    /// The prediction that an answer can be compared with. Nil for composed answers and for answers accepted after a
    /// cascade test, which are not representative of the model.
    func prediction(of model: ModelID) -> Candidate? {
        let isFair = stage != .sd && attempts.last(where: \.isAccepted)?.score == nil
        return isFair ? candidate(model) : nil
    }
}
