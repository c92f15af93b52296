import Domain
import Routing
import Testing

@Suite("Answers that are tested once they are there")
struct CascadeTests {
    private let candidates = [
        RuleFixture.candidate("a", quality: 0.5, similarity: 0.9), RuleFixture.candidate("b", similarity: 0.3),
        RuleFixture.candidate("c", quality: 0.6, similarity: 0.8),
    ]

    private func begun(
        _ verification: Verification = Verification(isOn: true), position: Int = 3, state: RunState = RunState()
    ) throws -> SequentialRule {
        var rule = SequentialRule(state: state)
        let step = RuleFixture.step(candidates, position: position, verification: verification)
        #expect(rule.handle(.step(step)).model == ModelID("a"))
        return rule
    }

    private func answered(_ model: String, _ acceptance: Double?, fault: String? = nil) -> RuleEvent {
        .answered(.init(model: ModelID(model), acceptance: acceptance, fault: fault))
    }

    @Test("an answer at kappa is kept, and the reason says by how much")
    func kept() throws {
        var rule = try begun()
        let action = rule.handle(answered("a", 0.66))
        #expect(
            action
                == .keep(
                    ModelID("a"), reason: "a's answer is acceptable with probability 0.66 >= kappa 0.66"))
    }

    @Test("below kappa the next candidate that passes its own tests answers, then the reference, which is the last")
    func next() throws {
        var rule = try begun()
        #expect(rule.handle(answered("a", 0.4)).called?.model == ModelID("c"), "b failed its test, so it is not called")
        let last = try #require(rule.handle(answered("c", 0.5)).called)
        #expect(last.model == ModelID("reference"))
        #expect(last.stage == .reference)
        #expect(last.reason.hasPrefix("reference: the answer of c did not pass"))
        // Of .4, .5 and .3, all paid for, the best is kept.
        #expect(
            rule.handle(answered("reference", 0.3))
                == .keep(ModelID("c"), reason: "c's answer is kept as the best of 3: nobody better is left to ask"))
        #expect(
            rule.words == [
                "sse: a 0.90 > 0.66", "verify: a 0.40 < 0.66", "sse: b 0.30 <= 0.66", "sse: c 0.80 > 0.66",
                "verify: c 0.50 < 0.66", "reference: reference is the last resort", "verify: reference 0.30 < 0.66",
            ])
    }

    @Test("the policy's own threshold stands in for kappa")
    func threshold() throws {
        var rule = try begun(Verification(isOn: true, threshold: 0.35))
        #expect(rule.handle(answered("a", 0.4)).reason.contains(">= the verify threshold 0.35"))
    }

    @Test("without verify any answer is kept; without an estimate only its form counts")
    func unknown() throws {
        var off = try begun(Verification())
        #expect(off.handle(answered("a", 0)).model == ModelID("a"))
        var formOnly = try begun()
        #expect(formOnly.handle(answered("a", nil)).reason.contains("nothing more is known"))
        var bad = try begun()
        #expect(bad.handle(answered("a", nil, fault: "the answer is empty")).called?.model == ModelID("c"))
    }

    @Test("an acceptance that is no number is taken as none, and said")
    func noNumber() throws {
        var rule = try begun()
        #expect(rule.handle(answered("a", .nan)).model == ModelID("a"))
        #expect(rule.words.last == "verify: the estimator returned no number for a; taken as no estimate")
    }

    @Test("a failed verification ends the span and the commitment, and drops the plan")
    func promises() throws {
        let plan = Plan(choices: [ModelID("a")], order: [ModelID("a")], binding: [])
        var state = RunState(
            span: Span(model: ModelID("a"), stage: .cd, from: 2, through: 6), plan: plan)
        state.position = 2
        var rule = try begun(state: state)
        _ = rule.handle(answered("a", 0.1))
        #expect(rule.state.span == nil)
        #expect(rule.state.plan == nil)
        #expect(rule.words.contains { $0.hasPrefix("the span on a ends, since its answer is acceptable with") })
        var committed = try begun(state: RunState(committed: ModelID("a"), plan: plan))
        #expect(committed.handle(answered("a", 0.1)).called?.model == ModelID("c"))
        #expect(committed.state.committed == nil)
    }

    @Test("where everybody's answer is of bad form, the run is given up with every name")
    func allBad() throws {
        var rule = try begun()
        var action = rule.handle(answered("a", nil, fault: "it refused"))
        var calls = 0
        while let verdict = action.called {
            calls += 1
            action = rule.handle(answered(verdict.model.rawValue, nil, fault: "it refused"))
        }
        #expect(calls == 3, "c, the reference, and b as what is left")
        #expect(action.reason.hasPrefix("no model is left for step 3: a failed, c failed, reference failed, b failed"))
    }
}
