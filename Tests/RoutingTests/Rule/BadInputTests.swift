import Domain
import Routing
import Testing

@Suite("Bad input to the rule")
struct BadInputTests {
    private let small = RuleFixture.candidate("small", similarity: 0.9)

    // MARK: Numbers

    @Test("an estimate that is no number is taken as no estimate, and said")
    func noNumbers() throws {
        let nan = DistanceForecast(none: .nan, one: 0.5, more: 0.2, never: 0.3)
        let step = RuleFixture.step(
            [RuleFixture.candidate("small", similarity: .nan, request: .infinity)],
            outlook: Outlook(similarity: { _, _, _ in .nan }, distance: { _ in nan }))
        var rule = SequentialRule()
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
        #expect(
            rule.words.prefix(4) == [
                "urc: the estimator returned no number for small; taken as no estimate",
                "sse: the estimator returned no number for small; taken as no estimate",
                "sle: the estimator returned no number for small; taken as no estimate",
                "cd: the estimator returned no number for small; taken as no estimate",
            ])
    }

    @Test("a router whose estimator returns no numbers decides by the priors of the tiers, and says so")
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
        #expect(decision.considered.contains("sse: the estimator returned no number for edge; taken as no estimate"))
    }

    // MARK: History

    @Test("a session that changes its history loses span, commitment and plan, and is told so")
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
        #expect(
            rule.words[0]
                == "history: messages before step 2 were changed; dropped the span on small and the commitment to small "
                + "and the plan")
        #expect(rule.state.committed == nil && rule.state.span == nil && rule.state.plan == nil)
    }

    @Test("a run that goes back to an earlier step loses its span; the same step asked again keeps it")
    func wentBack() {
        var state = RunState(span: Span(model: ModelID("small"), stage: .cd, from: 2, through: 9))
        state.position = 5
        var rule = SequentialRule(state: state)
        #expect(
            rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 5))).model
                == ModelID("small"))
        _ = rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 3)))
        #expect(rule.words[0] == "history: the run went back from step 5 to step 3; dropped the span on small")
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
        "a decomposer that answers rubbish leaves the step whole, on the reference, and the reason is kept",
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
        #expect(rule.words.contains("sd: \(fault); the step stays whole"))
    }

    @Test(
        "a decomposer's answer is read as a JSON list or as lines, and anything else is no list",
        arguments: [
            (#"["a", "b"]"#, ["a", "b"]), ("Here:\n```json\n[\"a\", \" b \"]\n```", ["a", "b"]),
            ("1. a\n2) b\n\n10: c", ["a", "b", "c"]), ("- a\n* b", ["a", "b"]), ("I cannot do that.", []),
            ("[1, 2]", []), ("[\"a\", ", []), ("", []), ("[]", []),
        ] as [(String, [String])])
    func partLists(answer: String, parts: [String]) {
        #expect(SubtaskList.parts(of: answer) == parts)
    }

    @Test("a decomposer that cannot be called, or does not answer, leaves the step whole")
    func decomposerDown() throws {
        var policy = Policy()
        policy.sequence.decomposition.decomposer = .model(ModelID("nobody"))
        let estimator = FixedEstimator(
            quality: ["edge": 0.8, "cheap": 0.85, "dear": 0.9], similarity: ["edge": 0.1, "cheap": 0.1])
        let course = try StepRouter(estimator: estimator).course(
            of: Fixture.step(), decisionID: "d", state: RunState(), context: Fixture.context(policy: policy))
        #expect(course.action.called?.model == ModelID("dear"))
        #expect(course.decision.considered.contains("sd: nobody cannot be called now; the step stays whole"))
    }

    // MARK: Health

    @Test("where the reference is down, the best that is left answers, and the reason says so")
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
        #expect(verdict.reason == "b: the best that is left; reference is down")
        #expect(rule.handle(.failed(ModelID("b"), reason: "timeout")).model == ModelID("a"))
        #expect(
            rule.handle(.failed(ModelID("a"), reason: "timeout")).reason
                == "no model is left for step 2: reference failed, b failed, a failed")
    }

    @Test("a model that is gone, or does not answer, loses its span and its commitment")
    func goneModel() throws {
        var state = RunState(
            committed: ModelID("gone"), span: Span(model: ModelID("away"), stage: .sle, from: 1, through: 9))
        state.position = 1
        var rule = SequentialRule(state: state)
        #expect(rule.handle(.step(RuleFixture.step([small], position: 2))).model == ModelID("small"))
        #expect(
            rule.words.prefix(2) == [
                "urc: the commitment to gone ends, since it cannot serve step 2",
                "the span on away ends, since it cannot serve step 2",
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
