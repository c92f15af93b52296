import Domain
import Routing
import Testing

@Suite("Verified answers")
struct CascadeTests {
    private let candidates = [
        RuleFixture.candidate("a", quality: 0.5, similarity: 0.9), RuleFixture.candidate("b", similarity: 0.3),
        RuleFixture.candidate("c", quality: 0.6, similarity: 0.8),
    ]

    private func begun(
        _ verification: Verification = Verification(mode: .on), position: Int = 3, state: RunState = RunState()
    ) throws -> SequentialRule {
        var rule = SequentialRule(state: state)
        let step = RuleFixture.step(candidates, position: position, verification: verification)
        #expect(rule.handle(.step(step)).model == ModelID("a"))
        return rule
    }

    private func answered(_ model: String, _ acceptance: Double?, fault: String? = nil) -> RuleEvent {
        .answered(.init(model: ModelID(model), acceptance: acceptance, fault: fault))
    }

    @Test("an answer at kappa is kept")
    func kept() throws {
        var rule = try begun()
        let action = rule.handle(answered("a", 0.66))
        guard case .keep(let model, _) = action else {
            throw TestFailure("expected an answer to be kept, not \(action)")
        }
        #expect(model == ModelID("a"))
        #expect(rule.rounded.last == .verified(ModelID("a"), 0.66, passes: true, threshold: 0.66))
    }

    @Test("below kappa the next candidate that passes its own tests answers, and the reference last")
    func next() throws {
        var rule = try begun()
        #expect(rule.handle(answered("a", 0.4)).called?.model == ModelID("c"), "b failed its test, so it is not called")
        let last = try #require(rule.handle(answered("c", 0.5)).called)
        #expect(last.model == ModelID("reference"))
        #expect(last.stage == .reference)
        // Of .4, .5 and .3, all paid, the best is kept.
        let kept = rule.handle(answered("reference", 0.3))
        guard case .keep(let model, _) = kept else { throw TestFailure("expected an answer to be kept, not \(kept)") }
        #expect(model == ModelID("c"))
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("a"), 0.9, passes: true, threshold: 0.66, ahead: 0),
                .verified(ModelID("a"), 0.4, passes: false, threshold: 0.66),
                .compared(.sse, ModelID("b"), 0.3, passes: false, threshold: 0.66, ahead: 0),
                .compared(.sse, ModelID("c"), 0.8, passes: true, threshold: 0.66, ahead: 0),
                .verified(ModelID("c"), 0.5, passes: false, threshold: 0.66),
                .lastResort(ModelID("reference")),
                .verified(ModelID("reference"), 0.3, passes: false, threshold: 0.66),
            ])
    }

    @Test("the policy's own threshold replaces kappa")
    func threshold() throws {
        var rule = try begun(Verification(mode: .on, threshold: 0.35))
        let action = rule.handle(answered("a", 0.4))
        guard case .keep(let model, _) = action else {
            throw TestFailure("expected an answer to be kept, not \(action)")
        }
        #expect(model == ModelID("a"))
        #expect(rule.rounded.last == .verified(ModelID("a"), 0.4, passes: true, threshold: 0.35))
    }

    @Test("without verify any answer is kept; without an estimate only its form counts")
    func unknown() throws {
        var off = try begun(Verification())
        #expect(off.handle(answered("a", 0)).model == ModelID("a"))
        var formOnly = try begun()
        guard case .keep(let model, _) = formOnly.handle(answered("a", nil)) else {
            throw TestFailure("expected an answer to be kept")
        }
        #expect(model == ModelID("a"))
        var bad = try begun()
        #expect(bad.handle(answered("a", nil, fault: "the answer is empty")).called?.model == ModelID("c"))
    }

    @Test("a non-finite acceptance counts as none and is reported")
    func noNumber() throws {
        var rule = try begun()
        #expect(rule.handle(answered("a", .nan)).model == ModelID("a"))
        #expect(rule.findings.last == .noNumber("verify", ModelID("a")))
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
        #expect(
            rule.findings.contains {
                if case .spanEnded(ModelID("a"), _) = $0 { true } else { false }
            })
        var committed = try begun(state: RunState(committed: ModelID("a"), plan: plan))
        #expect(committed.handle(answered("a", 0.1)).called?.model == ModelID("c"))
        #expect(committed.state.committed == nil)
    }

    @Test("if every answer is malformed, every model is tried and the step is abandoned")
    func allBad() throws {
        var rule = try begun()
        var action = rule.handle(answered("a", nil, fault: "it refused"))
        var calls = 0
        while let verdict = action.called {
            calls += 1
            action = rule.handle(answered(verdict.model.rawValue, nil, fault: "it refused"))
        }
        #expect(calls == 3, "c, the reference, and b as what is left")
        guard case .abandon = action else { throw TestFailure("expected the step to be abandoned, not \(action)") }
        #expect(
            rule.findings.compactMap { finding in
                if case .malformed(let model, _) = finding { model.rawValue } else { nil }
            } == ["a", "c", "reference", "b"])
    }
}
