import Domain
import Routing
import Testing

@Suite("Bad input to the rule")
struct BadInputTests {
    private let small = RuleFixture.candidate("small", similarity: 0.9)

    // MARK: Numbers

    @Test("a non-finite estimate counts as none and is reported")
    func noNumbers() throws {
        let nan = DistanceForecast(none: .nan, one: 0.5, more: 0.2, never: 0.3)
        let step = RuleFixture.step(
            [RuleFixture.candidate("small", similarity: .nan, request: .infinity)],
            lookAheadEstimates: LookAheadEstimates(similarity: { _, _, _ in .nan }, distance: { _ in nan }))
        var rule = SequentialRule()
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
        #expect(
            rule.findings.prefix(4) == [
                .noNumber("urc", ModelID("small")), .noNumber("sse", ModelID("small")),
                .noNumber("sle", ModelID("small")), .noNumber("cd", ModelID("small")),
            ])
    }

    @Test("with non-finite estimates a router decides by the priors of the tiers and reports them")
    func noNumberPredicted() throws {
        let estimator = FixedEstimator(
            quality: ["edge": .nan, "cheap": .nan, "dear": .nan], similarity: ["edge": .nan, "cheap": .infinity],
            requestSimilarity: ["edge": .nan])
        var state = RunState()
        let decision = try StepRouter(estimator: estimator).route(
            Fixture.step(), decisionID: "d", state: &state, context: Fixture.context())
        #expect(decision.reference == ModelID("dear"), "the frontier tier's prior is the best")
        #expect(decision.candidates.allSatisfy { $0.prediction.quality.isFinite && $0.similarity?.isFinite ?? true })
        #expect(
            decision.considered[0]
                == "estimate: no number was predicted for edge; the prior of its small tier stands in")
        #expect(decision.considered.contains(Finding.noNumber("sse", ModelID("edge")).description))
    }

    // MARK: History

    @Test("a session that rewrites its history loses span, commitment and plan, with a finding")
    func changedHistory() throws {
        var state = RunState(
            committed: ModelID("small"), span: Span(model: ModelID("small"), stage: .sle, from: 2, through: 9),
            plan: Plan(choices: [], order: [], binding: []))
        state.position = 2
        state.historyEnd = RuleFixture.history("system", "user", "assistant", "tool").end
        var rule = SequentialRule(state: state)
        let same = RuleFixture.history("system", "user", "assistant", "tool", "assistant 2", "tool 2")
        var step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 3, history: same)
        #expect(try #require(rule.handle(.step(step)).called).stage == .urc)
        rule = SequentialRule(state: state)
        step.history = RuleFixture.history("system", "user", "another assistant", "tool", "assistant 2", "tool 2")
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
        guard case .historyChanged(_, let dropped) = rule.findings[0] else {
            throw TestFailure("expected a changed history, not \(rule.findings[0])")
        }
        #expect(dropped == ["the span on small", "the commitment to small", "the plan"])
        #expect(rule.state.committed == nil && rule.state.span == nil && rule.state.plan == nil)
    }

    @Test("a run that returns to an earlier step loses its span; repeating the same step keeps it")
    func wentBack() {
        var state = RunState(span: Span(model: ModelID("small"), stage: .cd, from: 2, through: 9))
        state.position = 5
        var rule = SequentialRule(state: state)
        #expect(
            rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 5))).model
                == ModelID("small"))
        _ = rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 3)))
        #expect(
            rule.findings[0]
                == .historyChanged("the run went back from step 5 to step 3", dropped: ["the span on small"]))
    }

    @Test("histories distinguish message borders and continue only their own prefixes")
    func histories() throws {
        let whole = RuleFixture.history("ab", "c", "d")
        #expect(whole.follows(try #require(RuleFixture.history("ab", "c").end)))
        #expect(!whole.follows(try #require(RuleFixture.history("a", "bc").end)))
        #expect(!whole.follows(try #require(RuleFixture.history("ab", "c", "d", "e").end)))
        #expect(RuleFixture.history().end == nil)
    }

    // MARK: Decomposer

    @Test(
        "a useless decomposition leaves the step undivided, on the reference, with its reason",
        arguments: [
            ([], "the decomposer gave no list of parts"), (["all of it"], "the decomposer gave one part only"),
            (["a", "b", "c", "d", "e", "f", "g"], "the decomposer gave 7 parts, more than the 6 allowed"),
            (["a", "  "], "the decomposer gave an empty part"),
            (["add  the numbers", "Add the numbers"], "the decomposer gave the same part twice"),
        ] as [([String], String)])
    func rubbish(texts: [String], fault: String) throws {
        let settings = SequenceRule(decomposition: DecompositionRule(decomposer: .cheapest))
        var rule = SequentialRule()
        let step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], settings: settings)
        guard case .decompose(let model, _) = rule.handle(.step(step)) else {
            throw TestFailure("nobody was asked for parts")
        }
        #expect(model == ModelID("small"), "the cheapest candidate")
        let parts = texts.map { RuleEvent.Part(text: $0, similarity: [ModelID("small"): 1]) }
        #expect(try #require(rule.handle(.decomposed(parts)).called).model == ModelID("reference"))
        #expect(rule.findings.contains(.undivided(reason: fault)))
    }

    @Test(
        "a decomposer's answer is parsed as a JSON list or as lines, and anything else is no list",
        arguments: [
            (#"["a", "b"]"#, ["a", "b"]), ("Here:\n```json\n[\"a\", \" b \"]\n```", ["a", "b"]),
            ("1. a\n2) b\n\n10: c", ["a", "b", "c"]), ("- a\n* b", ["a", "b"]), ("I cannot do that.", []),
            ("[1, 2]", []), ("[\"a\", ", []), ("", []), ("[]", []),
        ] as [(String, [String])])
    func partLists(answer: String, parts: [String]) {
        #expect(SubtaskList.parts(of: answer) == parts)
    }

    @Test("a decomposer that cannot be called, or does not answer, leaves the step undivided")
    func decomposerDown() throws {
        var policy = Policy(kappa: .published)
        policy.sequence.decomposition.decomposer = .model(ModelID("nobody"))
        let estimator = FixedEstimator(
            quality: ["edge": 0.8, "cheap": 0.85, "dear": 0.9], similarity: ["edge": 0.1, "cheap": 0.1])
        let machine = try StepRouter(estimator: estimator).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(), context: Fixture.context(policy: policy))
        #expect(machine.action.called?.model == ModelID("dear"))
        #expect(
            machine.decision.considered.contains(Finding.undivided(reason: "nobody cannot be called now").description))
    }

    // MARK: Health

    @Test("if the reference is down, the best candidate left answers")
    func referenceDown() throws {
        var rule = SequentialRule()
        let step = RuleFixture.step(
            [
                RuleFixture.candidate("a", quality: 0.4, similarity: 0.1),
                RuleFixture.candidate("b", quality: 0.6, similarity: 0.1),
            ], position: 2)
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
        let verdict = try #require(
            rule.handle(.failed(ModelID("reference"), reason: "connection refused")).called)
        #expect(verdict.model == ModelID("b"))
        #expect(verdict.stage == .plan)
        #expect(rule.findings.last == .referenceUnavailable(reason: "reference is down"))
        #expect(rule.handle(.failed(ModelID("b"), reason: "timeout")).model == ModelID("a"))
        let last = rule.handle(.failed(ModelID("a"), reason: "timeout"))
        guard case .abandon = last else { throw TestFailure("expected the step to be abandoned, not \(last)") }
        #expect(
            rule.findings.compactMap { finding in
                if case .failed(let model, let reason) = finding { "\(model): \(reason)" } else { nil }
            } == ["reference: connection refused", "b: timeout", "a: timeout"])
    }

    @Test("a model that is gone, or does not answer, loses its span and its commitment")
    func goneModel() throws {
        var state = RunState(
            committed: ModelID("gone"), span: Span(model: ModelID("away"), stage: .sle, from: 1, through: 9))
        state.position = 1
        var rule = SequentialRule(state: state)
        #expect(rule.handle(.step(RuleFixture.step([small], position: 2))).model == ModelID("small"))
        #expect(
            rule.findings.prefix(2) == [
                .commitmentEnded(ModelID("gone"), reason: "it cannot serve step 2"),
                .spanEnded(ModelID("away"), reason: "it cannot serve step 2"),
            ])
        var spanned = SequentialRule(
            state: RunState(span: Span(model: ModelID("small"), stage: .sle, from: 1, through: 9)))
        _ = spanned.handle(.step(RuleFixture.step([small], position: 2)))
        _ = spanned.handle(.failed(ModelID("small"), reason: "connection refused"))
        #expect(spanned.state.span == nil)
    }

    @Test("events out of order are ignored")
    func outOfOrder() {
        var rule = SequentialRule()
        #expect(rule.handle(.decomposed([])) == .ignored(reason: "no step has begun"))
        #expect(rule.handle(.answered(.init(model: ModelID("m")))) == .ignored(reason: "no step has begun"))
        _ = rule.handle(.step(RuleFixture.step([small])))
        rule.end()
        #expect(rule.handle(.failed(ModelID("m"), reason: "")) == .ignored(reason: "no step has begun"))
    }
}
