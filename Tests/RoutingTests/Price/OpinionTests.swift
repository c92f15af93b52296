import Domain
import Estimation
import Testing

@testable import Routing

@Suite("Answers of other models as evidence")
struct OpinionTests {
    private static let quality = ["edge": 0.65, "cheap": 0.7, "dear": 0.85]

    private func machine(
        opinions: Int = 1, quality: [String: Double] = quality, remaining: Remaining? = nil
    ) throws -> StepMachine {
        var policy = Policy()
        policy.verification.samples = 0
        policy.verification.opinions = opinions
        var machine = try StepRouter(estimator: FixedEstimator(quality: quality)).machine(
            for: Fixture.step(), decisionID: "d", state: RunState(),
            context: Fixture.context(policy: policy, remaining: remaining))
        machine.allowsSamples = true
        return machine
    }

    @Test("a doubtful answer is held against that of a cheap model, and kept where both are the same")
    func agreeing() throws {
        var machine = try machine()
        let first = machine.answered(ModelID("cheap"), output: "The answer is 1234.")
        #expect(first.called?.model == ModelID("edge"), "\(first.reason)")
        #expect(first.reason.contains("agrees with cheap"))
        let second = machine.answered(ModelID("edge"), output: "1234")
        guard case .keep = second else {
            Issue.record("it was not kept: \(second.reason)")
            return
        }
        #expect(try #require(machine.acceptance) > 0.8)
        let opinion = try #require(machine.opinion)
        #expect(opinion.name == "agreement")
        #expect(opinion.finding.contains("it agrees with the answer of cheap"))
        #expect(opinion.finding.contains("asked for about $"))
    }

    @Test("two different answers let the better model answer")
    func disagreeing() throws {
        var machine = try machine()
        machine.answered(ModelID("cheap"), output: "The answer is 1234.")
        let second = machine.answered(ModelID("edge"), output: "The answer is 99.")
        #expect(second.called?.model == ModelID("dear"), "\(second.reason)")
        #expect(machine.opinion?.finding.contains("it is not the answer of cheap") == true)
        // The third answer decides.
        guard case .keep = machine.answered(ModelID("dear"), output: "It is clear. The answer is 99.") else {
            Issue.record("the agreement was not kept")
            return
        }
    }

    @Test("no opinion is bought without room in the policy, for text that cannot be compared, or beyond the budget")
    func limits() throws {
        var none = try machine(opinions: 0)
        #expect(none.answered(ModelID("cheap"), output: "The answer is 1234.").called == nil)
        var text = try machine()
        let essay = String(repeating: "The sea was calm, and the fleet lay at anchor. ", count: 9)
        #expect(text.answered(ModelID("cheap"), output: essay).called == nil)
        var poor = try machine(remaining: Remaining(budget: Money(nanoUSD: 600_000)))
        #expect(poor.answered(ModelID("cheap"), output: "The answer is 1234.").called == nil)
        var late = try machine(remaining: Remaining(seconds: 4))
        #expect(late.answered(ModelID("cheap"), output: "The answer is 1234.").called == nil)
    }

    @Test("the opinion of a model that fails is not waited for, and the answer that was paid for stays")
    func failing() throws {
        var machine = try machine()
        machine.answered(ModelID("cheap"), output: "The answer is 1234.")
        machine.failed(ModelID("edge"), reason: "the server is down")
        if case .call(let verdict) = machine.action { machine.failed(verdict.model, reason: "the server is down") }
        #expect(machine.action.model == ModelID("cheap"), "\(machine.action.reason)")
    }

    @Test("agreement raises both answers by more the rarer wrong answers agree, and a third one decides between two")
    func belief() {
        let couplings = [Float](repeating: 0.4, count: 9)
        func correctness(_ answers: [String]) -> [Double] {
            var belief = AgreementBelief(predictions: [0.6, 0.6, 0.6], couplings: couplings)
            for (model, answer) in answers.enumerated() { belief.add(ComparedAnswer(answer), of: model) }
            return belief.correctness
        }
        let value = correctness(["The answer is 17.", "The answer is 17."])
        let choice = correctness(["yes", "Yes."])
        #expect(value[0] > 0.75 && abs(value[0] - value[1]) < 0.05)
        #expect(choice[0] > 0.6 && choice[0] < value[0])
        #expect(value[2] > 0.6, "the question looks easier")
        let apart = correctness(["The answer is 17.", "The answer is 18."])
        #expect(apart[0] < 0.6 && apart[1] < 0.6)
        let decided = correctness(["The answer is 17.", "The answer is 18.", "The answer is 18."])
        #expect(decided[1] > decided[0] + 0.2 && decided[1] > apart[1] + 0.1)
        #expect(correctness(["The answer is 17."]) == [0.6, 0.6, 0.6])
    }

    @Test("probabilities stay numbers between 0 and 1 for any predictions", arguments: [0.0, 1, .infinity, -1])
    func numbers(quality: Double) {
        var belief = AgreementBelief(predictions: [quality, 0.5], couplings: [1, 0, 0, 1])
        belief.add(ComparedAnswer("17"), of: 0)
        belief.add(ComparedAnswer("18"), of: 1)
        #expect(belief.correctness.allSatisfy { (0...1).contains($0) })
    }
}
