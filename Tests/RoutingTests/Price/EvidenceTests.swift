import Domain
import Estimation
import Testing

@testable import Routing

@Suite("Evidence about answers")
struct EvidenceTests {
    private func machine(
        _ quality: [String: Double], samples: Int = 0, opinions: Int = 0, policy: Policy = Policy()
    ) throws -> StepMachine {
        var policy = policy
        policy.verification.samples = samples
        policy.verification.opinions = opinions
        var machine = try StepRouter(estimator: FixedEstimator(quality: quality)).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(), context: Fixture.context(policy: policy))
        machine.allowsSamples = samples + opinions > 0
        return machine
    }

    private func evidence(_ logOdds: Double) -> AnswerEvidence {
        var evidence = AnswerEvidence()
        evidence.add("test", "seen", logOdds: logOdds)
        return evidence
    }

    private let near = ["edge": 0.4, "cheap": 0.9, "dear": 0.92]

    @Test("without evidence, an answer of good form is kept as it was before")
    func nothing() throws {
        var machine = try machine(near)
        let action = machine.answered(ModelID("cheap"), output: "4")
        #expect(
            action
                == .keep(ModelID("cheap"), reason: "cheap answered in good form; nothing more is known of the answer"))
        #expect(machine.acceptance == nil)
    }

    @Test("evidence against a cheap answer lets the better model answer, and evidence for it does not")
    func direction() throws {
        var doubtful = try machine(near)
        guard case .call(let verdict) = doubtful.answered(ModelID("cheap"), output: "4", evidence: evidence(-1.5))
        else {
            Issue.record("it was kept")
            return
        }
        #expect(verdict.model == ModelID("dear"))
        #expect(try #require(doubtful.acceptance) < 0.75)
        // The better model's answer is kept, with its own evidence.
        guard case .keep(ModelID("dear"), _) = doubtful.answered(ModelID("dear"), output: "5", evidence: evidence(0.4))
        else {
            Issue.record("the better answer was not kept")
            return
        }
        var certain = try machine(near)
        guard case .keep(ModelID("cheap"), _) = certain.answered(ModelID("cheap"), output: "4", evidence: evidence(1))
        else {
            Issue.record("it was not kept")
            return
        }
    }

    @Test("weak evidence buys no other model's answer", arguments: [0, 2])
    func weak(samples: Int) throws {
        var machine = try machine(near, samples: samples)
        if case .call = machine.answered(ModelID("cheap"), output: "4", evidence: evidence(-0.2)) {
            Issue.record("an answer was bought")
        }
    }

    @Test("a doubtful answer is sampled where that may save or mend it; disagreement calls the better model")
    func samples() throws {
        var machine = try machine(["edge": 0.3, "cheap": 0.7, "dear": 0.72], samples: 2)
        guard case .sample(ModelID("cheap"), _) = machine.answered(ModelID("cheap"), output: "4") else {
            Issue.record("no sample was asked for: \(machine.action.reason)")
            return
        }
        var agreeing = machine
        agreeing.sampled(SampleAgreement(agreeing: 1, count: 1), output: "4")
        let agreed = try #require(agreeing.acceptance)
        machine.sampled(SampleAgreement(agreeing: 0, count: 1), output: "4")
        let disagreed = try #require(machine.acceptance)
        #expect(agreed > 0.7 && disagreed < 0.7)
        if case .sample = machine.action { machine.sampled(SampleAgreement(agreeing: 0, count: 2), output: "4") }
        guard case .call(let verdict) = machine.action else {
            Issue.record("the answer was kept in spite of the samples: \(machine.action.reason)")
            return
        }
        #expect(verdict.model == ModelID("dear"))
    }

    @Test("no more samples are asked for than the policy allows, and none after one that failed")
    func bounds() throws {
        var none = try machine(near, samples: 0)
        if case .sample = none.answered(ModelID("cheap"), output: "4") { Issue.record("a sample was asked for") }
        var failed = try machine(["edge": 0.3, "cheap": 0.7, "dear": 0.72], samples: 8)
        failed.answered(ModelID("cheap"), output: "4")
        failed.sampleFailed("the server is down")
        if case .sample = failed.action { Issue.record("a second sample was asked for") }
        var many = try machine(["edge": 0.3, "cheap": 0.7, "dear": 0.72], samples: 3)
        many.answered(ModelID("cheap"), output: "4")
        var count = 0
        while case .sample = many.action, count < 10 {
            count += 1
            many.sampled(SampleAgreement(agreeing: count / 2, count: count), output: "4")
        }
        #expect(count <= 3)
    }

    @Test("a sample that does not fit the budget left is not asked for")
    func budget() throws {
        var policy = Policy()
        policy.budget = Money(nanoUSD: 16_000_000)
        var machine = try StepRouter(
            estimator: FixedEstimator(quality: ["edge": 0.3, "cheap": 0.7, "dear": 0.72])
        ).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(),
            context: Fixture.context(policy: policy, remaining: Remaining(budget: Money(nanoUSD: 600_000))))
        machine.allowsSamples = true
        if case .sample = machine.answered(ModelID("cheap"), output: "4") { Issue.record("a sample was asked for") }
    }

    @Test("no evidence ever makes a figure that is no number")
    func numbers() throws {
        for logOdds in [Double.nan, .infinity, -.infinity, 1e308, -1e308] {
            var machine = try machine(near, samples: 2)
            machine.answered(ModelID("cheap"), output: "4", evidence: evidence(logOdds))
            #expect(machine.acceptance?.isFinite != false)
        }
    }
}
