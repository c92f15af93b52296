package import Calls
import Domain
import Ledger
import Logging
import Routing
import Upstream

extension StepService {
    /// On whose account the audits of a policy are booked: the operator's, never the caller's.
    static func auditAttribution(policy: String?) -> Attribution {
        Attribution(team: "hera:shadow", session: "shadow:\(policy ?? "default")")
    }

    /// What is learned of a step that has been served and booked: it is counted, and for the policy's share of the steps
    /// a copy goes to the reference.
    ///
    /// Returns at once: the audit runs in the pool, after the client has its answer.
    package func learn(from order: PreparedStep, _ outcome: StepOutcome) {
        learning.recordStep(
            by: outcome.model, policyName: order.policyName, policy: order.context.policy)
        guard let rule = settings.shadow(ofPolicy: order.policyName), outcome.failure == nil,
            order.decision.stage != .pinned, Double.random(in: 0..<1) < rule.share
        else { return }
        _ = pool.submit { await audit(order, outcome, rule: rule) }
    }

    /// Lets the reference answer a step that another model has answered, and keeps how well the two agree.
    private func audit(_ order: PreparedStep, _ outcome: StepOutcome, rule: ShadowRule) async {
        let reference = order.decision.reference
        do throws(LedgerError) {
            // The reference is the measure: a step that it did itself agrees with it, and costs nothing to audit.
            guard outcome.model != reference else { return try await recordAudit(1, of: order, outcome, rule) }
            guard let copy = auditStep(of: order, to: reference) else { return learning.recordFailedAudit() }
            if let session = copy.attribution.session {
                try await learning.setBudget(rule, of: session, at: .now())
            }
            guard let answer = await answer(copy) else { return learning.recordFailedAudit() }
            _ = try await ledger.commitStep(answer.commit)
            try await recordAudit(
                AnswerAgreement.score(outcome.answer, reference: answer.answer), of: order, outcome, rule)
        } catch {
            learning.recordFailedAudit()
            logger.error("audit lost", metadata: ["step": "\(order.step.id)", "reason": "\(error)"])
        }
    }

    /// The reference's answer; nil where it has none, or the audits' budget has no room.
    private func answer(_ copy: PreparedStep) async -> StepOutcome? {
        do throws(ServiceError) {
            return try await calls.answer(copy)
        } catch {
            logger.info("no audit", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func auditStep(of order: PreparedStep, to reference: ModelID) -> PreparedStep? {
        guard order.context.models.contains(where: { $0.model.id == reference }),
            order.decision.candidate(reference)?.rejection == nil
        else { return nil }
        var copy = order
        copy.purpose = .audit
        copy.attribution = Self.auditAttribution(policy: order.policyName)
        // Sums of the audited run must not count what the operator pays for.
        copy.step.runID = copy.attribution.session ?? "shadow"
        copy.decision.model = reference
        copy.decision.fallbacks = []
        copy.context.policy = Policy()
        return copy
    }

    private func recordAudit(
        _ score: Double, of order: PreparedStep, _ outcome: StepOutcome, _ rule: ShadowRule
    ) async throws(LedgerError) {
        let candidate = order.decision.prediction(of: outcome.model)
        _ = try await learning.observe(
            QualityObservation(
                id: Identifier.make("obs"), source: .audit, target: .step(order.step.id),
                decisionID: order.decision.id, runID: order.step.runID, model: outcome.model,
                reference: order.decision.reference, policy: order.policyName ?? "",
                predictedQuality: candidate?.prediction.quality, predictedSimilarity: candidate?.similarity,
                score: score, at: .now()),
            share: rule.share)
    }
}

extension Decision {
    /// What was predicted of a model's answer, where the answer can be held against it: one made of parts, or one that
    /// others did not pass for, tells nothing of what its model does with steps like this.
    func prediction(of model: ModelID) -> Candidate? {
        let isFair = stage != .sd && attempts.last(where: \.isAccepted)?.score == nil
        return isFair ? candidate(model) : nil
    }
}
