import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Routing
@testable import Training

@Suite struct RunTests {
    /// Runs whose failure shows: a model that fails sees errors, and only easy tasks are done by the small one.
    static func runs(tasks: Int, seed: UInt64 = 2) -> [TraceRow] {
        var random = SeededGenerator(seed: seed)
        return (0..<tasks).flatMap { task in
            let isHard = random.unit() < 0.5
            return ["small", "large"].map { model -> TraceRow in
                let succeeds = model == "large" || !isHard ? random.unit() < 0.9 : random.unit() < 0.1
                let steps = (0..<3).map { step in
                    TraceStep(
                        kind: step == 2 ? "propose" : "tool", output: "select column \(step) from table",
                        observation: succeeds ? "[(\(task), \(step))]" : "Error: no such column", reward: nil,
                        inputTokens: 100, outputTokens: 10, costUSD: model == "large" ? 0.01 : 0.0001)
                }
                return TraceRow(
                    taskID: "t\(task)", suite: "scheduler", dataset: "scheduler", split: .train,
                    prompt: isHard
                        ? "Join the ledger with every audit and reconcile \(task)" : "Count the rows of sheet \(task)",
                    model: model, success: succeeds ? 1 : 0, costUSD: model == "large" ? 0.03 : 0.0003, steps: steps)
            }
        }
    }

    /// Trained once for all tests.
    private static let trained = Result { try SyntheticPanel.trainer().train(outcomes: [], traces: runs(tasks: 60)) }

    @Test("a run that meets errors is known to fail, before its task alone could tell")
    func figures() throws {
        let profiles = try Self.trained.get()
        let figures = try #require(
            RunFigures(suite: "scheduler", runs: Self.runs(tasks: 60, seed: 7), profiles: profiles))
        let start = figures.successAUC[0].mean
        #expect(figures.successAUC[1].mean > start)
        #expect(figures.successAUC[2].mean > 0.9)
        #expect(figures.similarityAUC > 0.7)
        // Restarting what failed gets further than the best model alone, for less.
        #expect(figures.policy.successMax >= figures.bestSingle.accuracy)
        #expect(try #require(figures.policy.costRatioAtBestSingle) < 0.9)
        #expect((0...1).contains(figures.policy.cheapShare))
    }

    @Test("profiles of runs survive a file, and a cut file is refused")
    func coding() throws {
        let profiles = try Self.trained.get()
        let profile = try #require(profiles.runs.values.first)
        let bytes = ProfileFile.encode(.runs, profile.encoded())
        let again = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
            try RunProfile(&reader)
        }
        #expect(again.encoded() == profile.encoded())
        #expect(throws: EstimationError.self) {
            _ = try ProfileFile.decode(Array(bytes.dropLast()), path: "x") { (_, reader) throws(ByteReader.Failure) in
                try RunProfile(&reader)
            }
        }
    }

    @Test("the S-L distance counts additional steps since the last match, by hand")
    func distance() {
        let a: [Float] = [1, 0, 0]
        let b: [Float] = [0, 1, 0]
        let c: [Float] = [0, 0, 1]
        // a matches at once; b needs one step more; c never comes; a second a needs two steps more than the match of b.
        #expect(StepDistance.classes(reference: [a, b, c, a], other: [a, c, b, c, b, a]) == [0, 1, 0, 1])
        #expect(StepDistance.classes(reference: [a, b], other: [b, c]) == [3, 0])
        #expect(StepDistance.classes(reference: [a], other: [b, b, c, a]) == [2])
        #expect(StepDistance.classes(reference: [a, b], other: []) == [3, 3])
    }

    @Test("nested failures make a failed model's stronger sibling less sure, independent ones do not")
    func corrected() {
        let policy = RestartPolicy(weight: 0)
        func task(_ coupling: Float) -> RestartPolicy.Task {
            RestartPolicy.Task(start: [0.5, 0.8], costUSD: [1, 10], couplings: [1, coupling, coupling, 1])
        }
        let independent = policy.corrected(task(0), [0.5, 0.8], by: 0, to: 0)
        #expect(abs(independent[1] - 0.8) < 1e-9)
        // Nested: all that the first can do the second can, so of the first's failures 0.3 / 0.5 are done.
        let nested = policy.corrected(task(1), [0.5, 0.8], by: 0, to: 0)
        #expect(abs(nested[1] - 0.6) < 1e-9)
        #expect(abs(policy.corrected(task(1), [0.5, 0.8], by: 0, to: 1)[1] - 0.999) < 1e-9)
        // No evidence, no change.
        #expect(abs(policy.corrected(task(0.5), [0.5, 0.8], by: 0, to: 0.5)[1] - 0.8) < 1e-9)
    }

    @Test("with a dear dollar the cheap model begins, with a cheap one what succeeds most")
    func begins() {
        let task = RestartPolicy.Task(start: [0.5, 0.8], costUSD: [0.001, 1], couplings: [1, 0.5, 0.5, 1])
        let all = [0, 1]
        #expect(RestartPolicy(weight: 10).best(task, probabilities: task.start, untried: all, tries: 2)?.model == 0)
        var undetecting = RestartPolicy(weight: 0)
        undetecting.detectionRate = 0
        #expect(undetecting.best(task, probabilities: task.start, untried: all, tries: 2)?.model == 1)
    }

    @Test("the steps left are read from an observation")
    func stepsLeft() {
        let steps = [RunStep(output: "x", observation: "ok\nYou have 3 steps left and 1 chances to propose.\n")]
        let counts = RunCounts.vector(of: steps, isOver: false)
        #expect(counts.count == RunCounts.count)
        #expect(counts[15] == 3)
        #expect(counts[16] == 1)
        #expect(RunCounts.vector(of: [], isOver: false).allSatisfy { $0 == 0 })
    }
}
