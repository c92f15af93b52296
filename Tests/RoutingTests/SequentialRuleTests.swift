import Core
import Routing
import Testing

@Suite("The sequential rule")
struct SequentialRuleTests {
    private func candidate(_ id: String, quality: Double, similarity: Double? = nil, request: Double? = nil)
        -> Candidate
    {
        Candidate(
            model: ModelID(id), placement: .cloud,
            prediction: Prediction(
                quality: quality, deviation: 0, outputTokens: OutputTokens(mean: 1, p95: 1), basis: .prior(.medium)),
            similarity: similarity, requestSimilarity: request, cost: .zero, worstCaseCost: .zero, latencySeconds: 0,
            energyJoules: 0)
    }

    private func verdict(
        _ order: [Candidate], position: Int, kappa: Double? = nil, committed: String? = nil
    ) -> SequentialRule.Verdict {
        let reference = candidate("reference", quality: 0.9)
        return SequentialRule(
            order: order + [reference], reference: reference, position: position,
            kappa: kappa ?? KappaRule.standard.kappa(at: position), requestThreshold: 0.7,
            committed: committed.map { ModelID($0) }
        ).verdict()
    }

    @Test("URC above 0.7 gives the whole request to the cheaper model, at the first step only")
    func requestLevel() {
        let small = candidate("small", quality: 0.5, similarity: 0.1, request: 0.71)
        #expect(verdict([small], position: 1).stage == .urc)
        #expect(verdict([small], position: 1).model == ModelID("small"))
        #expect(verdict([small], position: 2).stage == .reference)
        let unsure = candidate("small", quality: 0.5, similarity: 0.1, request: 0.70)
        #expect(verdict([unsure], position: 1).stage == .reference, "above, not at, the threshold")
    }

    @Test(
        "the same similarity passes early and fails late",
        arguments: [(1, true), (2, true), (3, false), (5, false), (9, false)])
    func positionAware(position: Int, passes: Bool) {
        // kappa is 0.62, 0.64, 0.66, 0.68, 0.70
        let small = candidate("small", quality: 0.5, similarity: 0.65, request: 0)
        #expect(verdict([small], position: position).stage == (passes ? .sse : .reference))
    }

    @Test("candidates are tried in the plan's order, and the first that passes is taken")
    func order() {
        let verdict = verdict(
            [
                candidate("a", quality: 0.5, similarity: 0.3), candidate("b", quality: 0.6, similarity: 0.8),
                candidate("c", quality: 0.7, similarity: 0.9),
            ], position: 4)
        #expect(verdict.model == ModelID("b"))
        #expect(verdict.considered == ["sse: a 0.30 <= 0.68", "sse: b 0.80 > 0.68"])
        #expect(verdict.reason == "kept on b: predicted similarity 0.80 to reference > kappa 0.68 at step 4")
    }

    @Test("a candidate behind the reference in the plan is not tried")
    func behindReference() {
        let reference = candidate("reference", quality: 0.9)
        let rule = SequentialRule(
            order: [reference, candidate("a", quality: 0.5, similarity: 1, request: 1)], reference: reference,
            position: 1, kappa: 0.62, requestThreshold: 0.7, committed: nil)
        #expect(rule.verdict().stage == .plan)
        #expect(rule.verdict().model == reference.model)
    }

    @Test("where the cheaper ones fall short of kappa, the reason says by how much")
    func tooWeak() {
        var reference = candidate("reference", quality: 0.9)
        reference.cost.api = Money(nanoUSD: 10)
        let rule = SequentialRule(
            order: [reference, candidate("weak", quality: 0.3)], reference: reference, position: 1, kappa: 0.62,
            requestThreshold: 0.7, committed: nil)
        #expect(rule.verdict().stage == .reference)
        #expect(rule.verdict().reason.contains("no cheaper model reaches kappa 0.62 of its predicted quality 0.90"))
    }

    @Test("a run that was given to a model stays with it while it is a candidate")
    func committed() {
        let small = candidate("small", quality: 0.5, similarity: 0)
        #expect(verdict([small], position: 5, committed: "small").stage == .urc)
        #expect(verdict([small], position: 5, committed: "gone").stage == .reference)
    }

    @Test("where the reference does not fit the limits, the best that fits answers and the reason says so")
    func referenceTooDear() {
        let rule = SequentialRule(
            order: [candidate("a", quality: 0.4, similarity: 0.4), candidate("b", quality: 0.5, similarity: 0.5)],
            reference: candidate("reference", quality: 0.9), position: 3, kappa: 0.66, requestThreshold: 0.7,
            committed: nil)
        #expect(rule.verdict().model == ModelID("b"))
        #expect(rule.verdict().stage == .plan)
        #expect(rule.verdict().reason.contains("reference does not fit"))
    }
}
