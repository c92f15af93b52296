import Domain
import Testing

@testable import Routing

@Suite("Runs that go badly")
struct RunHandOverTests {
    private let loop = RunSigns([("ls /a", "Error: no such file"), ("ls /a", "Error: no such file")])

    private func decide(
        _ signs: RunSigns, previous: String, state: RunState = RunState(), policy: Policy = Policy()
    ) throws -> (Decision, RunState) {
        var step = Fixture.step(position: 3, previous: previous)
        step.signs = signs
        var state = state
        let decision = try StepRouter(
            estimator: FixedEstimator(quality: ["edge": 0.2, "cheap": 0.92, "dear": 0.93])
        ).route(step, decisionID: "d", state: &state, context: Fixture.context(policy: policy))
        return (decision, state)
    }

    @Test("a run in a loop of errors is handed to the abler model, and one that goes well is not")
    func handOver() throws {
        #expect(try decide(RunSigns(), previous: "cheap").0.model == ModelID("cheap"))
        let (decision, _) = try decide(loop, previous: "cheap")
        #expect(decision.model == ModelID("dear"))
        #expect(decision.considered.contains { $0.hasPrefix("run: the last 2 results name errors") })
    }

    @Test("when the hard step is done, the run goes back to the cheaper model")
    func handBack() throws {
        let done = RunSigns([("ls /a", "Error: no such file"), ("ls /b", "a.txt"), ("cat /b/a.txt", "42")])
        #expect(try decide(done, previous: "dear").0.model == ModelID("cheap"))
    }

    @Test("a promise to a model ends where its run goes badly")
    func promise() throws {
        let state = RunState(committed: ModelID("cheap"))
        #expect(try decide(RunSigns(), previous: "cheap", state: state).0.model == ModelID("cheap"))
        let (decision, after) = try decide(loop, previous: "cheap", state: state)
        #expect(decision.model == ModelID("dear"))
        #expect(after.committed == nil)
    }

    @Test("the ablest model keeps its run, and the decision says that it may be given up")
    func hopeless() throws {
        let (decision, _) = try decide(loop, previous: "dear")
        #expect(decision.candidate(ModelID("dear"))?.prediction.quality == 0.93)
        #expect(decision.considered.contains { $0.contains("no abler model is left") })
    }

    @Test("HERA's published rule is left as it is")
    func published() throws {
        let (decision, _) = try decide(loop, previous: "cheap", policy: Policy(kappa: .published))
        #expect(!decision.considered.contains { $0.hasPrefix("run:") })
    }
}
