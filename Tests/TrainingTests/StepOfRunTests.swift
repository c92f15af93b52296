import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

/// Predictions of a single step by panels of whole runs, next to panels of answers on the same texts.
@Suite struct StepOfRunTests {
    /// Each step of the runs succeeds, mostly; of the small model's whole runs half do not.
    private static let runs = RunOutputTests.runs(tasks: 40)

    /// The first steps of the same tasks as single requests: both models are nearly always right.
    private static func steps() -> [OutcomeRow] {
        var seen: Set<String> = []
        return runs.filter { seen.insert($0.taskID).inserted }.enumerated().map { index, run in
            OutcomeRow(
                id: "\(index)", suite: "scheduler-steps", dataset: "scheduler", split: .train,
                text: StepText(prompt: run.prompt),
                outcomes: [
                    "small": Outcome(score: index % 10 == 0 ? 0 : 1, inputTokens: 20, outputTokens: 10, costUSD: 1e-6),
                    "large": Outcome(score: 1, inputTokens: 20, outputTokens: 10, costUSD: 1e-4),
                ])
        } + elsewhere
    }

    /// Requests of another kind, so that there is something to tell from.
    private static let elsewhere = (0..<60).map { index in
        OutcomeRow(
            id: "e\(index)", suite: "scheduler-steps", dataset: "scheduler", split: .train,
            text: StepText(prompt: "Translate sentence number \(index) of the letter into polite French"),
            outcomes: [
                "small": Outcome(score: index % 5 == 0 ? 0 : 1, inputTokens: 20, outputTokens: 30, costUSD: 1e-6),
                "large": Outcome(score: 1, inputTokens: 20, outputTokens: 30, costUSD: 1e-4),
            ])
    }

    private static let both = Result { try SyntheticPanel.trainer().train(outcomes: steps(), traces: runs) }
    private static let stepsAlone = Result { try SyntheticPanel.trainer().train(outcomes: steps(), traces: []) }

    private let hard = StepText(prompt: "Reconcile and audit every entry of the museum against all others 12")
    private let models: [ModelID] = [ModelID("small"), ModelID("large")]

    @Test("a step is predicted from answers, without influence of recorded runs that begin with the same text")
    func predictions() throws {
        let with = try Self.both.get().read(hard, models: models)
        let without = try Self.stepsAlone.get().read(hard, models: models)
        for model in models {
            let one = try #require(with.prediction(of: model))
            let other = try #require(without.prediction(of: model))
            #expect(abs(one.quality - other.quality) < 0.08)
            #expect(one.quality > 0.75)
            #expect(abs(one.outputTokens.mean - other.outputTokens.mean) < 5)
        }
        #expect(with.stepSimilarity(of: models[0], to: models[1]) ?? 0 > 0.75)
    }

    @Test("the whole request is still predicted from the runs")
    func request() throws {
        let with = try Self.both.get().read(hard, models: models)
        let without = try Self.stepsAlone.get().read(hard, models: models)
        #expect(try #require(with.requestSimilarity(of: models[0], to: models[1])) < 0.5)
        #expect(try #require(without.requestSimilarity(of: models[0], to: models[1])) > 0.7)
        // Every ordered pair has an estimate at the start; the abler model ends as well as the other.
        #expect(try #require(with.requestSimilarity(of: models[1], to: models[0])) > 0.7)
    }

    @Test("where only runs are known, a step succeeds as often as the mean factor of its run, in a step's tokens")
    func meanFactor() throws {
        let set = try SyntheticPanel.trainer().train(outcomes: [], traces: Self.runs)
        let panel = set.panels[0]
        #expect(set.meanSteps == [3])
        let features = set.features(of: hard)
        let wholeRun = try #require(set.runs[0]).start(
            panel.probabilities(panel.dense(features.grams, features.counts(forPanel: 0))),
            recalled: try #require(set.runs[0]).recall.scores(features.grams))
        for model in models {
            let step = try #require(set.read(hard, models: models).prediction(of: model))
            let place = try #require(panel.models.firstIndex(of: model.rawValue))
            #expect(abs(step.quality - Double(wholeRun[place]).cubeRoot) < 1e-3)
            // Every run has three steps of ten tokens.
            #expect(abs(step.outputTokens.mean - 10) < 1)
        }
    }

    @Test("a text of both kinds belongs to both, one of neither to none")
    func shares() {
        let both = PanelShares(scores: [4, 4, -6], isOfRuns: [false, true, false])
        #expect(both.answers > 0.95)
        #expect(both.step[1] < 0.05)
        #expect(both.run[1] > 0.95)
        #expect(both.run[0] == 0)
        let ofRuns = PanelShares(scores: [-5, 3, -6], isOfRuns: [false, true, false])
        #expect(ofRuns.step[1] > 0.9)
        #expect(abs(ofRuns.step.reduce(0, +) - 1) < 0.1)
        #expect(PanelShares(scores: [-6, -6, -6], isOfRuns: [false, true, false]).step.reduce(0, +) < 0.05)
        #expect(PanelShares(scores: [0, 0, -6], isOfRuns: [false, true, false]).amongAnswers[1] == 0)
        let extreme = PanelShares(scores: [100, 100, -100], isOfRuns: [false, true, false]).step
        #expect(extreme.allSatisfy { $0.isFinite })
        #expect(PanelShares(evenly: [true, true]).amongAnswers == [0.5, 0.5])
    }
}

extension Double {
    fileprivate var cubeRoot: Double { Foundation.cbrt(self) }
}
