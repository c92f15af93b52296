import Domain
import Routing
import Testing

@Suite("The sequential rule")
struct SequentialRuleTests {
    private func candidate(_ id: String, quality: Double, similarity: Double? = nil, request: Double? = nil)
        -> Candidate
    {
        RuleFixture.candidate(id, quality: quality, similarity: similarity, request: request)
    }

    private func verdict(
        _ order: [Candidate], position: Int, committed: String? = nil
    ) throws -> RuleAction.Verdict {
        var rule = SequentialRule(state: RunState(committed: committed.map { ModelID($0) }))
        return try #require(rule.handle(.step(RuleFixture.step(order, position: position))).called)
    }

    @Test("URC above 0.7 gives the whole request to the cheaper model, at the first step only")
    func requestLevel() throws {
        let small = candidate("small", quality: 0.5, similarity: 0.1, request: 0.71)
        #expect(try verdict([small], position: 1).stage == .urc)
        #expect(try verdict([small], position: 1).model == ModelID("small"))
        #expect(try verdict([small], position: 2).stage == .reference)
        let unsure = candidate("small", quality: 0.5, similarity: 0.1, request: 0.70)
        #expect(try verdict([unsure], position: 1).stage == .reference, "above, not at, the threshold")
    }

    @Test(
        "the same similarity passes early and fails late",
        arguments: [(1, true), (2, true), (3, false), (5, false), (9, false)])
    func positionAware(position: Int, passes: Bool) throws {
        // kappa is 0.62, 0.64, 0.66, 0.68, 0.70
        let small = candidate("small", quality: 0.5, similarity: 0.65, request: 0)
        #expect(try verdict([small], position: position).stage == (passes ? .sse : .reference))
    }

    @Test("candidates are tried in the plan's order, and the first that passes is used")
    func order() throws {
        var rule = SequentialRule()
        let step = RuleFixture.step(
            [
                candidate("a", quality: 0.5, similarity: 0.3), candidate("b", quality: 0.6, similarity: 0.8),
                candidate("c", quality: 0.7, similarity: 0.9),
            ], position: 4)
        let verdict = try #require(rule.handle(.step(step)).called)
        #expect(verdict.model == ModelID("b"))
        #expect(verdict.stage == .sse)
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("a"), 0.3, passes: false, threshold: 0.68, ahead: 0),
                .compared(.sse, ModelID("b"), 0.8, passes: true, threshold: 0.68, ahead: 0),
            ])
    }

    @Test("a candidate after the reference in the plan is not tried")
    func behindReference() throws {
        var step = RuleFixture.step([])
        step.order.append(candidate("a", quality: 0.6, similarity: 1, request: 1))
        var rule = SequentialRule()
        let verdict = try #require(rule.handle(.step(step)).called)
        #expect(verdict.stage == .plan)
        #expect(verdict.model == step.reference.model)
    }

    @Test("if the cheaper candidates miss kappa, the reference answers")
    func tooWeak() throws {
        var rule = SequentialRule()
        let weak = [
            candidate("weak", quality: 0.3, similarity: 0.4), candidate("weaker", quality: 0.3, similarity: 0.2),
        ]
        let verdict = try #require(rule.handle(.step(RuleFixture.step(weak))).called)
        #expect(verdict.stage == .reference)
        #expect(
            rule.rounded == [
                .compared(.sse, ModelID("weak"), 0.4, passes: false, threshold: 0.62, ahead: 0),
                .compared(.sse, ModelID("weaker"), 0.2, passes: false, threshold: 0.62, ahead: 0),
                .lastResort(ModelID("reference")),
            ])
    }

    @Test("a run committed to a model stays with it while it is a candidate")
    func committed() throws {
        let small = candidate("small", quality: 0.5, similarity: 0)
        #expect(try verdict([small], position: 5, committed: "small").stage == .urc)
        #expect(try verdict([small], position: 5, committed: "gone").stage == .reference)
    }

    @Test("if the reference does not fit the limits, the best candidate that fits answers")
    func referenceTooDear() throws {
        var step = RuleFixture.step(
            [candidate("a", quality: 0.4, similarity: 0.4), candidate("b", quality: 0.5, similarity: 0.5)], position: 3)
        step.order.removeLast()
        var rule = SequentialRule()
        let verdict = try #require(rule.handle(.step(step)).called)
        #expect(verdict.model == ModelID("b"))
        #expect(verdict.stage == .plan)
        #expect(rule.findings.last == .referenceUnavailable(reason: "reference does not fit the limits"))
    }
}
