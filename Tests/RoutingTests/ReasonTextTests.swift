import Domain
import Routing
import Testing

/// The only place that compares whole texts of reasons and findings; other tests compare typed findings.
@Suite("Texts of reasons and findings")
struct ReasonTextTests {
    private static let a = ModelID("a")

    @Test(
        "each finding has its text",
        arguments: [
            (.compared(.sse, a, 0.5, passes: false, threshold: 0.64, ahead: 0), "sse: a 0.50 <= 0.64"),
            (.compared(.sse, a, 0.6212, passes: true, threshold: 0.62, ahead: 0), "sse: a 0.6212 > 0.6200"),
            (.compared(.cd, a, 0.67, passes: true, threshold: 0.66, ahead: 2), "cd: a +2 0.67 > 0.66"),
            (.comparedPart(part: 2, a, 0.5, passes: false, threshold: 0.66), "sd: part 2 on a 0.50 <= 0.66"),
            (
                .neverCatchesUp(a, probability: 0.6),
                "sle: a is expected never to get where the reference would be (probability 0.60)"
            ),
            (.noNumber("verify", a), "verify: the estimator returned no number for a; taken as no estimate"),
            (
                .predictionFailed(reason: "it timed out"),
                "sse: the text predictor has no answer (it timed out); trained predictors stand in"
            ),
            (
                .undivided(reason: "the decomposer gave one part only"),
                "sd: the decomposer gave one part only; the step stays whole"
            ),
            (.verified(a, 0.66, passes: true, threshold: 0.66), "verify: a 0.66 >= 0.66"),
            (.verified(a, 0.4, passes: false, threshold: 0.66), "verify: a 0.40 < 0.66"),
            (.malformed(a, fault: "the answer is empty"), "verify: a: the answer is empty"),
            (.failed(a, reason: "timeout"), "a did not answer: timeout"),
            (
                .historyChanged("messages before step 2 were changed", dropped: ["the span on a", "the plan"]),
                "history: messages before step 2 were changed; dropped the span on a and the plan"
            ),
            (
                .historyChanged("the run went back from step 5 to step 3", dropped: []),
                "history: the run went back from step 5 to step 3"
            ),
            (.committed(a), "urc: committed to a at an earlier step"),
            (.spanned(.cd, from: 2, through: 4), "cd: committed at step 2 through step 4"),
            (
                .commitmentEnded(a, reason: "it cannot serve step 2"),
                "urc: the commitment to a ends, since it cannot serve step 2"
            ),
            (.spanEnded(a, reason: "it did not answer"), "the span on a ends, since it did not answer"),
            (.referenceFirst(a), "plan: a comes first"),
            (.lastResort(a), "reference: a is the last resort"),
            (.referenceUnavailable(reason: "a is down"), "reference: a is down"),
            (
                .overridden(.init(model: a, stage: .sse, reason: "kept on a")),
                "plan: sse chose a: kept on a"
            ),
        ] as [(Finding, String)])
    func finding(_ finding: Finding, text: String) {
        #expect(finding.description == text)
    }

    private func reason(
        _ candidates: [Candidate], position: Int = 1, settings: SequenceRule = .standard,
        verification: Verification = Verification(mode: .on), state: RunState = RunState(),
        ahead: LookAheadEstimates = LookAheadEstimates(), then events: [RuleEvent] = []
    ) -> String {
        var rule = SequentialRule(state: state)
        var action = rule.handle(
            .step(
                RuleFixture.step(
                    candidates, position: position, settings: settings, verification: verification,
                    lookAheadEstimates: ahead)))
        for event in events { action = rule.handle(event) }
        return action.reason
    }

    private func similar(_ similarity: Double, request: Double? = nil) -> [Candidate] {
        [RuleFixture.candidate("a", similarity: similarity, request: request)]
    }

    private func answered(_ model: String, _ acceptance: Double?, fault: String? = nil) -> RuleEvent {
        .answered(.init(model: ModelID(model), acceptance: acceptance, fault: fault))
    }

    @Test("a passed test gives the similarity and its threshold")
    func passed() {
        #expect(
            reason(similar(0.8), position: 4)
                == "kept on a: predicted similarity 0.80 to reference > kappa 0.68 at step 4")
        #expect(
            reason(similar(0.6212)) == "kept on a: predicted similarity 0.6212 to reference > kappa 0.6200 at step 1",
            "two numbers that are equal to two decimals are printed with four")
        #expect(
            reason(similar(0.1, request: 0.71))
                == "whole request on a: predicted to end like reference with probability 0.71 > 0.70")
    }

    @Test("a look-ahead gives the span that it commits")
    func ahead() {
        let distance = DistanceForecast(none: 0.1, one: 0.1, more: 0.7, never: 0.1)
        let reached = LookAheadEstimates(
            similarity: { _, ahead, others in ahead == 2 && others == 0 ? 0.96 : 0.2 }, distance: { _ in distance })
        #expect(
            reason(similar(0.5), position: 2, ahead: reached)
                == "kept on a: 2 steps further on its output is predicted to be like reference's now, similarity "
                + "0.96 > kappa 0.64 at step 2; it keeps the run through step 4")
        let agrees = LookAheadEstimates(similarity: { _, one, other in one == 2 && other == 2 ? 0.67 : 0.2 })
        #expect(
            reason(similar(0.5), ahead: agrees)
                == "kept on a through step 3: there it is predicted to agree with reference, similarity 0.67 > kappa 0.66"
        )
        let spanned = RunState(span: Span(model: ModelID("a"), stage: .sle, from: 2, through: 4))
        #expect(
            reason(similar(0), position: 3, state: spanned)
                == "stays on a at step 3: the look-ahead (sle) at step 2 gave it the run through step 4")
    }

    @Test("the reference's reason names the nearest candidate, or why it comes first")
    func reference() {
        #expect(
            reason([
                RuleFixture.candidate("weak", similarity: 0.4), RuleFixture.candidate("weaker", similarity: 0.2),
            ])
                == "reference: no cheaper candidate passed kappa 0.62 at step 1; the nearest is weak with similarity 0.40"
        )
        #expect(
            reason([])
                == "reference comes first in the plan: its predicted quality 0.90 is the best, and by the policy's "
                + "weights and limits no other model is better")
        #expect(
            reason(similar(0.9), position: 3, then: [answered("a", 0.4)])
                == "reference: the answer of a did not pass, and no other candidate passed kappa 0.66 at step 3")
    }

    @Test("a kept answer gives its acceptance and threshold")
    func kept() {
        #expect(
            reason(similar(0.9), position: 3, then: [answered("a", 0.66)])
                == "a's answer is acceptable with probability 0.66 >= kappa 0.66")
        #expect(
            reason(
                similar(0.9), position: 3, verification: Verification(mode: .on, threshold: 0.35),
                then: [answered("a", 0.4)])
                == "a's answer is acceptable with probability 0.40 >= the verify threshold 0.35")
        #expect(
            reason(similar(0.9), position: 3, then: [answered("a", nil)])
                == "a answered in good form; nothing more is known of the answer")
        #expect(
            reason(similar(0.9), position: 3, then: [answered("a", 0.4), answered("reference", 0.3)])
                == "a's answer is kept as the best of 2: nobody better is left to ask")
    }

    @Test("a missing reference, and a step without models left, name the failures")
    func failed() {
        let candidates = [
            RuleFixture.candidate("a", quality: 0.4, similarity: 0.1),
            RuleFixture.candidate("b", quality: 0.6, similarity: 0.1),
        ]
        let failures = ["reference", "b", "a"].map { RuleEvent.failed(ModelID($0), reason: "timeout") }
        #expect(
            reason(candidates, position: 2, then: Array(failures[..<1]))
                == "b: the best that is left; reference is down")
        #expect(
            reason(candidates, position: 2, then: failures)
                == "no model is left for step 2: reference failed, b failed, a failed")
    }

    @Test("a decomposition names the decomposer and the parts on cheaper models")
    func parts() {
        let settings = SequenceRule(decomposition: DecompositionRule(mode: .partial, decomposer: .model(ModelID("a"))))
        #expect(
            reason(similar(0.1), position: 3, settings: settings)
                == "a is asked for the parts of step 3: no cheaper candidate passed for the whole")
        let parts = [0.9, 0.3].map { RuleEvent.Part(text: "part \($0)", similarity: [ModelID("a"): $0]) }
        #expect(
            reason(similar(0.1), position: 3, settings: settings, then: [.decomposed(parts)])
                == "in 2 parts, 1 of them kept on cheaper models than reference")
    }
}
