import Domain
import Routing
import Testing

/// The four boxes of the paper's algorithm (AIMS, Algorithm 1), each against an example calculated by hand.
@Suite("The paper's algorithm")
struct AlgorithmTests {
    /// Cosine of two predicted embeddings.
    private func cosine(_ a: [Double], _ b: [Double]) -> Double {
        let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        let norm = { (v: [Double]) in v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        return dot / (norm(a) * norm(b))
    }

    private func distance(_ steps: Int?) -> DistanceForecast {
        DistanceForecast(
            none: steps == 0 ? 0.7 : 0.1, one: steps == 1 ? 0.7 : 0.1, more: steps == 2 ? 0.7 : 0.1,
            never: steps == nil ? 0.7 : 0.1)
    }

    // MARK: SSE

    @Test("SSE: (1, 2, 2) and (2, 2, 1) have cosine 8/9 = .89 > kappa_1 = .62, so the small model does the step")
    func sse() throws {
        let similarity = cosine([1, 2, 2], [2, 2, 1])
        var rule = SequentialRule()
        let action = rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: similarity)])))
        let verdict = try #require(action.called)
        #expect(verdict.model == ModelID("small"))
        #expect(verdict.stage == .sse)
        #expect(rule.rounded == [.compared(.sse, ModelID("small"), 0.8889, passes: true, threshold: 0.62, ahead: 0)])
    }

    @Test("SSE: (1, 0, 0) and (3, 4, 0) have cosine 3/5 = .60 <= .62, so the large model does the step")
    func sseFails() throws {
        let similarity = cosine([1, 0, 0], [3, 4, 0])
        var rule = SequentialRule()
        let action = rule.handle(.step(RuleFixture.step([RuleFixture.candidate("small", similarity: similarity)])))
        #expect(try #require(action.called).stage == .reference)
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("small"), 0.6, passes: false, threshold: 0.62, ahead: 0),
                .lastResort(ModelID("reference")),
            ])
    }

    // MARK: SLE

    /// At step i the small model's next output is unlike the large one's; two steps later it is (0, 3, 4) against (0,
    /// 4, 3): cosine 24/25 = .96.
    private func sleStep(at position: Int, distance steps: Int?, commits: LookAheadCommitment = .span) -> RuleStep {
        let similarity = cosine([0, 3, 4], [0, 4, 3])
        let forecast = distance(steps)
        let lookAheadEstimates = LookAheadEstimates(
            similarity: { _, ahead, others in ahead == 2 && others == 0 ? similarity : 0.2 },
            distance: { _ in forecast })
        return RuleFixture.step(
            [RuleFixture.candidate("small", similarity: 0.5)], position: position,
            settings: SequenceRule(stages: [.sse, .sle], lookAheadCommits: commits),
            lookAheadEstimates: lookAheadEstimates)
    }

    @Test("SLE: distance 2 at step 2 and cosine .96 there commit steps 2, 3 and 4; step 5 is tested anew")
    func sle() throws {
        var rule = SequentialRule()
        let first = try #require(rule.handle(.step(sleStep(at: 2, distance: 2))).called)
        #expect(first.stage == .sle)
        #expect(first.model == ModelID("small"))
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("small"), 0.5, passes: false, threshold: 0.64, ahead: 0),
                .compared(.sle, ModelID("small"), 0.96, passes: true, threshold: 0.64, ahead: 2),
            ])
        #expect(rule.state.span == Span(model: ModelID("small"), stage: .sle, from: 2, through: 4))
        for position in 3...4 {
            // No test would pass here: only the span holds the step.
            let step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: position)
            let verdict = try #require(rule.handle(.step(step)).called)
            #expect(verdict.model == ModelID("small"))
            #expect(verdict.stage == .sle)
            #expect(rule.findings == [.spanned(.sle, from: 2, through: 4)])
        }
        let step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 5)
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
        #expect(rule.state.span == nil)
    }

    @Test("SLE that commits one step only leaves the next one to its own tests")
    func sleStep() throws {
        var rule = SequentialRule()
        let first = try #require(rule.handle(.step(sleStep(at: 2, distance: 2, commits: .step))).called)
        #expect(first.stage == .sle)
        #expect(rule.state.span == nil)
        let step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0)], position: 3)
        #expect(try #require(rule.handle(.step(step)).called).stage == .reference)
    }

    @Test("SLE is skipped at infinite distance, and at 0, which is SSE's test")
    func sleSkips() throws {
        var rule = SequentialRule()
        #expect(try #require(rule.handle(.step(sleStep(at: 2, distance: nil))).called).stage == .reference)
        guard case .neverCatchesUp(let model, _) = rule.findings[1] else {
            throw TestFailure("expected an infinite distance, not \(rule.findings[1])")
        }
        #expect(model == ModelID("small"))
        #expect(try #require(rule.handle(.step(sleStep(at: 2, distance: 0))).called).stage == .reference)
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("small"), 0.5, passes: false, threshold: 0.64, ahead: 0),
                .lastResort(ModelID("reference")),
            ])
    }

    // MARK: CD

    /// Both predictors rolled forward from step 1: cosine .63 at 1 + 1, .67 at 1 + 2, .67 at 1 + 3.
    private func cdStep(_ ahead: AheadKappa, lookAhead: Int = 3) -> RuleStep {
        var kappa = KappaRule.published
        kappa.ahead = ahead
        let similarities = [1: 0.63, 2: 0.67, 3: 0.67]
        return RuleFixture.step(
            [RuleFixture.candidate("small", similarity: 0.5)],
            settings: SequenceRule(stages: [.sse, .cd], lookAhead: lookAhead),
            lookAheadEstimates: LookAheadEstimates(similarity: { _, one, other in one == other ? similarities[one] : nil
            }),
            kappa: Kappa(kappa))
    }

    @Test("CD: .63 <= .64, .67 > .66, .67 <= .68: the last agreement is at step 3, and the small model runs up to it")
    func cd() throws {
        var rule = SequentialRule()
        let verdict = try #require(rule.handle(.step(cdStep(.grows))).called)
        #expect(verdict.stage == .cd)
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("small"), 0.5, passes: false, threshold: 0.62, ahead: 0),
                .compared(.cd, ModelID("small"), 0.63, passes: false, threshold: 0.64, ahead: 1),
                .compared(.cd, ModelID("small"), 0.67, passes: true, threshold: 0.66, ahead: 2),
                .compared(.cd, ModelID("small"), 0.67, passes: false, threshold: 0.68, ahead: 3),
            ])
        #expect(rule.state.span == Span(model: ModelID("small"), stage: .cd, from: 1, through: 3))
    }

    @Test("CD with a constant kappa along the look-ahead agrees up to step 4, and with a look-ahead of two up to 3")
    func cdFixed() {
        var rule = SequentialRule()
        _ = rule.handle(.step(cdStep(.fixed)))
        #expect(rule.state.span?.through == 4)
        _ = rule.handle(.step(cdStep(.fixed, lookAhead: 2)))
        #expect(rule.state.span?.through == 3)
    }

    // MARK: SD

    /// Similarities of three parts at step 3, where kappa is .66: a passes the first and third, b the second and third.
    private let parts = [
        RuleEvent.Part(text: "find the figures", similarity: [ModelID("a"): 0.9, ModelID("b"): 0.3]),
        RuleEvent.Part(text: "add them up", similarity: [ModelID("a"): 0.5, ModelID("b"): 0.8]),
        RuleEvent.Part(text: "write the answer", similarity: [ModelID("a"): 0.69, ModelID("b"): 0.69]),
    ]

    private func sdRule(
        _ mode: DecompositionMode, kappa: PartKappa = .step
    ) throws -> SequentialRule {
        var rule = SequentialRule()
        let decomposition = DecompositionRule(mode: mode, decomposer: .model(ModelID("b")), kappa: kappa)
        let step = RuleFixture.step(
            [RuleFixture.candidate("a", similarity: 0.1), RuleFixture.candidate("b", similarity: 0.1)], position: 3,
            settings: SequenceRule(decomposition: decomposition))
        let action = rule.handle(.step(step))
        guard case .decompose(let model, _) = action else {
            throw TestFailure("expected to be asked for the parts, not \(action)")
        }
        #expect(model == ModelID("b"))
        return rule
    }

    private func models(_ action: RuleAction) -> [String] {
        guard case .split(let shares, _) = action else { return [] }
        return shares.map(\.model.rawValue)
    }

    @Test("SD, partial: each part goes to the first model that passes for it")
    func sdPartial() throws {
        var rule = try sdRule(.partial)
        let action = rule.handle(.decomposed(parts))
        #expect(models(action) == ["a", "b", "a"])
    }

    @Test("SD, partial: with kappa_3, kappa_4, kappa_5 = .66, .68, .70 the third part's .69 goes to the large model")
    func sdPosition() throws {
        var rule = try sdRule(.partial, kappa: .position)
        #expect(models(rule.handle(.decomposed(parts))) == ["a", "b", "reference"])
        var fixed = try sdRule(.partial, kappa: .fixed(0.85))
        #expect(models(fixed.handle(.decomposed(parts))) == ["a", "reference", "reference"])
    }

    @Test("SD, all or nothing: neither model passes for every part, so the step goes to the large model undivided")
    func sdAllOrNothing() throws {
        var rule = try sdRule(.allOrNothing)
        #expect(try #require(rule.handle(.decomposed(parts)).called).stage == .reference)
        var easier = parts
        easier[1].similarity[ModelID("a")] = 0.7
        var second = try sdRule(.allOrNothing)
        #expect(models(second.handle(.decomposed(easier))) == ["a", "a", "a"])
    }

    // MARK: Stages

    @Test(
        "the ablations of the paper are stages that are off",
        arguments: [
            ([.urc], .reference), ([.urc, .sse], .reference), ([.sse, .sle], .sle), ([.cd], .cd), ([], .plan),
        ] as [(Set<Stage>, Stage)])
    func ablation(stages: Set<Stage>, expected: Stage) throws {
        let forecast = distance(1)
        var rule = SequentialRule()
        let step = RuleFixture.step(
            [RuleFixture.candidate("small", similarity: 0.1, request: 0.1)], position: 2,
            settings: SequenceRule(stages: stages),
            lookAheadEstimates: LookAheadEstimates(similarity: { _, _, _ in 0.99 }, distance: { _ in forecast }))
        #expect(try #require(rule.handle(.step(step)).called).stage == expected)
    }

    @Test("SSE compares the texts that a text predictor writes for both models")
    func textPredictor() throws {
        let settings = SequenceRule(textPredictor: ModelID("writer"))
        let step = RuleFixture.step([RuleFixture.candidate("small", similarity: 0.1)], settings: settings)
        var rule = SequentialRule()
        guard case .predict(let writer, let models, _) = rule.handle(.step(step)) else {
            throw TestFailure("expected a prediction to be asked for")
        }
        #expect(writer == ModelID("writer"))
        #expect(models == [ModelID("small"), ModelID("reference")])
        #expect(try #require(rule.handle(.predicted([ModelID("small"): 0.9])).called).stage == .sse)
        _ = rule.handle(.step(step))
        #expect(try #require(rule.handle(.predictionFailed("it timed out")).called).stage == .reference)
        #expect(rule.findings[0] == .predictionFailed(reason: "it timed out"))
    }
}

/// An error with a message.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
