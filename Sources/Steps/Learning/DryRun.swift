import Calls
import Dialects
package import Domain
import JSON
package import Ledger
import Logging
import Routing

/// What routing would have done with a call of a named model (`shadow.mode` is `dry`).
///
/// It is kept as a step of the run `dry:<policy>`, which has no entries of its own.
package struct DryRun: Hashable, Sendable {
    /// A paid call of the chosen model, to measure what the prediction is worth.
    package struct Trial: Hashable, Sendable {
        /// True cost of the chosen model's answer.
        package var cost: Money
        /// Agreement with the answer of the model that was asked, 0...1 (``AnswerAgreement``).
        package var agreement: Double

        package init(cost: Money, agreement: Double) {
            self.cost = cost
            self.agreement = agreement
        }
    }

    package var asked: ModelID
    package var chosen: ModelID
    /// True cost of the call that was made.
    package var cost: Money
    /// Cost of the same tokens on the chosen model.
    package var chosenCost: Money
    /// Nil where the chosen model was not called.
    package var trial: Trial?

    package init(asked: ModelID, chosen: ModelID, cost: Money, chosenCost: Money, trial: Trial? = nil) {
        self.asked = asked
        self.chosen = chosen
        self.cost = cost
        self.chosenCost = chosenCost
        self.trial = trial
    }

    /// The run of a policy's dry steps.
    package static func runID(policy: String?) -> String { "dry:\(policy ?? "default")" }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.member("asked", asked.rawValue)
            json.member("cost_nano", cost.nanoUSD)
            json.member("chosen_cost_nano", chosenCost.nanoUSD)
            if let trial {
                json.member("trial_cost_nano", trial.cost.nanoUSD)
                json.member("agreement", trial.agreement)
            }
        }
        return writer.bytes
    }

    /// Reads a step of a dry run; nil for other steps.
    package init?(_ step: StepRecord) {
        guard let chosen = step.model, let json = try? JSONDocument(step.detail).root,
            let asked = json["asked"]?.string, let cost = json["cost_nano"]?.integer,
            let chosenCost = json["chosen_cost_nano"]?.integer
        else { return nil }
        self.init(
            asked: ModelID(asked), chosen: chosen, cost: Money(nanoUSD: cost), chosenCost: Money(nanoUSD: chosenCost))
        if let cost = json["trial_cost_nano"]?.integer, let agreement = json["agreement"]?.double {
            trial = Trial(cost: Money(nanoUSD: cost), agreement: agreement)
        }
    }
}

extension StepService {
    /// Routes a call of a named model on paper after its answer, and calls the chosen model for a share of the calls.
    ///
    /// Nothing of it reaches the client, and the operator pays for it.
    func dryRun(_ prepared: PreparedStep, _ outcome: StepOutcome, policy: String?, rule: ShadowRule) async {
        guard let usage = outcome.commit.settlements.first?.entry.result.usage,
            let step = try? dryStep(of: prepared, policy: policy)
        else { return }
        var executor = StepExecutor(stepService: self, step: step)
        executor.decideWithoutCalls()
        let decision = executor.decision
        guard let chosenCost = cost(of: usage, on: decision.model, in: step.prepared.context) else { return }
        var dryRun = DryRun(
            asked: outcome.model, chosen: decision.model, cost: outcome.figures.cost.total, chosenCost: chosenCost)
        if decision.model == outcome.model {
            dryRun.chosenCost = dryRun.cost
        } else if Double.random(in: 0..<1) < rule.share {
            dryRun.trial = await trial(step.prepared, decision, against: outcome, policy: policy, rule: rule)
        }
        let now = Timestamp.now()
        await calls.book(
            StepCommit(
                decisions: [
                    DecisionRecord(decision: decision, attribution: Self.auditAttribution(policy: policy), at: now)
                ],
                steps: [
                    StepRecord(
                        id: step.prepared.step.id, runID: DryRun.runID(policy: policy), position: 1,
                        decisionID: decision.id, entryID: outcome.entryID, model: decision.model, detail: dryRun.json,
                        at: now)
                ]))
    }

    /// The step as the policy would route it for the same caller.
    private func dryStep(of prepared: PreparedStep, policy: String?) throws -> RoutedStep {
        var caller = Caller(
            session: "dry \(prepared.step.runID)", key: prepared.attribution.key, team: prepared.attribution.team)
        caller.models = prepared.callerModels
        return try route(prepared.request, as: "hera/\(policy ?? "default")", from: caller)
    }

    private func cost(of usage: Usage, on model: ModelID, in context: RoutingContext) -> Money? {
        guard let priced = context.models.first(where: { $0.model.id == model }) else { return nil }
        let forecast = Forecast(priced, economics: context.economics)
        let (prompt, output) = (Double(usage.promptTokens), Double(usage.completionTokens))
        let cached = Double(usage.cachedRead)
        let joules = forecast.joules(promptTokens: prompt, cachedTokens: cached, outputTokens: output)
        let cost = try? forecast.cost(
            of: usage, joules: joules, busySeconds: forecast.busySeconds(prompt - cached, output))
        return cost?.total
    }

    /// The chosen model's answer beside the one that the client got; nil where it failed or the budget has no room.
    private func trial(
        _ prepared: PreparedStep, _ decision: Decision, against outcome: StepOutcome, policy: String?, rule: ShadowRule
    ) async -> DryRun.Trial? {
        guard let copy = auditStep(of: prepared, decision, to: decision.model, policy: policy) else { return nil }
        do {
            if let session = copy.attribution.session {
                try await learning.setBudget(rule, of: session, at: .now())
            }
            guard let answer = await auditAnswer(copy) else { return nil }
            _ = try await calls.commit(answer.commit)
            return DryRun.Trial(
                cost: answer.figures.cost.total,
                agreement: AnswerAgreement.score(answer.answer, reference: outcome.answer))
        } catch {
            logger.error("trial not stored", metadata: ["step": "\(prepared.step.id)", "reason": "\(error)"])
            return nil
        }
    }
}
