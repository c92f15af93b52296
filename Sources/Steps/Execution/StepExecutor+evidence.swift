import Calls
import Dialects
import Domain
import Estimation
import Ledger
import Routing
import Upstream

/// Evidence about an answer: what its server tells, the signs in its words, and the checks that the policy names.
extension StepExecutor {
    /// Gathers the evidence, and runs the checks unless the form has failed already.
    ///
    /// - Returns: the evidence, and why a check rejects the answer; nil for no rejection.
    func gatherEvidence(_ outcome: StepOutcome, problem: String?) async -> (evidence: AnswerEvidence, veto: String?) {
        var evidence = AnswerEvidence()
        guard prepared.context.policy.verifies else { return (evidence, nil) }
        addFreeEvidence(outcome, to: &evidence)
        guard problem == nil else { return (evidence, nil) }
        var veto: String?
        let runner = CheckRunner(upstream: stepService.calls.upstream, keys: stepService.calls.keys, prepared: prepared)
        for rule in prepared.context.policy.checks where veto == nil {
            switch await runner.verdict(of: rule, on: outcome.answer, of: outcome.model) {
            case .passes: evidence.add(rule.name, "the check passes", logOdds: rule.logOdds(passes: true))
            case .fails(let reason):
                evidence.add(rule.name, "the check fails: \(reason)", logOdds: rule.logOdds(passes: false))
                if rule.effect == .veto { veto = "the check \(rule.name) fails: \(reason)" }
            case .dropped(let reason): evidence.add(rule.name, "dropped: \(reason)")
            }
        }
        return (evidence, veto)
    }

    private func addFreeEvidence(_ outcome: StepOutcome, to evidence: inout AnswerEvidence) {
        let answer = outcome.answer
        if let tokens = answer.logProbabilities {
            // Thinking has probabilities at some servers, and none at others.
            let visible = (answer.text.utf8.count + answer.toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }) / 4
            stepService.tokenHistories.add(tokens, written: visible, of: outcome.model, to: &evidence)
        }
        let candidate = machine.decision.candidate(outcome.model)
        // Lengths of models without recorded answers are too rough to hold an answer against.
        var expected: OutputTokens?
        if let prediction = candidate?.prediction, case .profile = prediction.basis {
            expected = prediction.outputTokens
        }
        let counted = answer.usage.map(\.completionTokens) ?? 0
        evidence.add(
            AnswerSigns(
                text: answer.text, calls: answer.toolCalls.map(\.arguments),
                tokens: counted > 0 ? counted : answer.writtenTokens, expected: expected,
                request: prepared.step.text))
        if let candidate {
            evidence.add(seconds: outcome.figures.latencySeconds, expected: candidate.latencySeconds)
        }
    }
}
