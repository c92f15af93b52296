import Domain
import Routing
import Testing

/// Invariants of any run.
@Suite("The rule on random runs")
struct RulePropertyTests {
    private let names = ["a", "b", "c", "d"]

    /// Candidates of random similarity, with the reference at a random place in the plan.
    private func randomStep(_ position: Int, _ generator: inout SeededGenerator) -> RuleStep {
        func draw() -> Double { Double.random(in: 0...1, using: &generator) }
        let present = names.filter { _ in draw() < 0.8 }.shuffled(using: &generator)
        var order = present.map {
            RuleFixture.candidate(
                $0, quality: draw() * 0.9, similarity: draw() < 0.1 ? nil : draw(), request: draw() * 0.8)
        }
        let reference = RuleFixture.candidate("reference", quality: 0.95, nanoUSD: 1000)
        if draw() < 0.9 || order.isEmpty { order.insert(reference, at: Int(draw() * Double(order.count))) }
        let sims = (0..<200).map { _ in draw() }
        let distance = DistanceForecast(none: draw(), one: draw(), more: draw(), never: draw())
        var settings = SequenceRule(lookAhead: Int(draw() * 5))
        settings.decomposition.decomposer = draw() < 0.3 ? .cheapest : nil
        var step = RuleStep(
            position: position, order: order, reference: reference, kappa: Kappa(.published), settings: settings,
            verification: Verification(mode: draw() < 0.5 ? .on : .off),
            lookAheadEstimates: LookAheadEstimates(
                similarity: { model, one, other in
                    sims[(model.rawValue.utf8.first.map(Int.init) ?? 0) % 4 * 40 + one * 3 + other]
                },
                distance: { _ in distance }))
        step.requestThreshold = 0.7
        return step
    }

    @Test("a called model can serve, did not fail a test, and was not asked before; every step ends")
    func choices() throws {
        var generator = SeededGenerator(seed: 11)
        var stages: [Stage: Int] = [:]
        for _ in 0..<400 {
            var rule = SequentialRule()
            for position in 1...7 {
                let step = randomStep(position, &generator)
                let span = rule.state.span
                var action = rule.handle(.step(step))
                var called: [ModelID] = []
                var events = 0
                while true {
                    events += 1
                    try #require(events < 20, "a step ends")
                    if case .decompose = action {
                        let parts = ["p", "q"].map { text in
                            RuleEvent.Part(
                                text: text,
                                similarity: Dictionary(
                                    uniqueKeysWithValues: step.order.map {
                                        ($0.model, Double.random(in: 0...1, using: &generator))
                                    }))
                        }
                        action = rule.handle(.decomposed(parts))
                        continue
                    }
                    guard let verdict = action.called else { break }
                    stages[verdict.stage, default: 0] += 1
                    #expect(step.order.contains { $0.model == verdict.model }, "only who can serve")
                    #expect(!called.contains(verdict.model), "nobody twice")
                    called.append(verdict.model)
                    check(verdict, step: step, span: span, state: rule.state)
                    action =
                        Bool.random(using: &generator)
                        ? rule.handle(
                            .answered(
                                .init(model: verdict.model, acceptance: Double.random(in: 0...1, using: &generator))))
                        : rule.handle(.failed(verdict.model, reason: "timeout"))
                }
                if case .keep(let model, _) = action { #expect(called.contains(model), "what is kept was paid for") }
                #expect(!action.reason.isEmpty)
            }
        }
        for stage in [Stage.urc, .sse, .sle, .cd, .reference, .plan] {
            #expect(stages[stage, default: 0] > 20, "\(stage) was seen \(stages[stage, default: 0]) times")
        }
    }

    /// The slow, obvious check of each stage.
    private func check(_ verdict: RuleAction.Verdict, step: RuleStep, span: Span?, state: RunState) {
        let candidate = step.order.first { $0.model == verdict.model }
        let kappa = min(0.6 + Double(min(step.position, 5)) * 0.02, 0.8)
        let isPromised = span.map { $0.model == verdict.model && step.position <= $0.through } ?? false
        switch verdict.stage {
        case .sse: #expect((candidate?.similarity ?? 0) > kappa)
        case .urc where step.position == 1: #expect((candidate?.requestSimilarity ?? 0) > 0.7)
        case .sle where !isPromised:
            let distance = step.lookAheadEstimates.distance(verdict.model)?.likeliest ?? 0
            #expect(distance > 0 && (step.lookAheadEstimates.similarity(verdict.model, distance, 0) ?? 0) > kappa)
            #expect(state.span?.through == step.position + distance)
        case .cd where !isPromised:
            let agreements = (1...max(step.settings.lookAhead, 1)).filter { ahead in
                (step.lookAheadEstimates.similarity(verdict.model, ahead, ahead) ?? 0)
                    > 0.6 + Double(min(step.position + ahead, 5)) * 0.02
            }
            #expect(state.span?.through == agreements.max().map { step.position + $0 })
        case .reference: #expect(verdict.model == step.reference.model)
        default: break
        }
    }

    @Test("spans end: no step stays on a model beyond the look-ahead's span")
    func spansEnd() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<300 {
            var rule = SequentialRule()
            for position in 1...12 {
                let before = rule.state.span
                let action = rule.handle(.step(randomStep(position, &generator)))
                guard let verdict = action.called, let before,
                    rule.findings.contains(.spanned(before.stage, from: before.from, through: before.through))
                else {
                    continue
                }
                #expect(position <= before.through)
                #expect(before.through - before.from <= 5)
                #expect(verdict.model == before.model)
            }
        }
    }

    @Test("kappa is 0.62 at step 1, rises by .02 and stays at 0.70 from step 5")
    func kappa() {
        let kappa = Kappa(.published)
        let expected = [1: 0.62, 2: 0.64, 3: 0.66, 4: 0.68, 5: 0.70, 6: 0.70, 40: 0.70]
        for (position, value) in expected { #expect(abs(kappa.at(position) - value) < 1e-12) }
        #expect(abs(kappa.at(2, ahead: 2) - 0.68) < 1e-12)
    }
}
