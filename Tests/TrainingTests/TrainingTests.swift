import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct TrainingTests {
    @Test("training learns which questions the weak model can answer, and says so for questions it never saw")
    func learns() throws {
        let profiles = try SyntheticPanel.trained.get()
        let figures = OutcomeFigures(
            suite: "toy", rows: SyntheticPanel.rows(count: 160, seed: 9, split: .validation), profiles: profiles)
        let weak = try #require(figures.models.firstIndex(of: "weak"))
        #expect(try #require(figures.auc[weak]) > 0.85)
        #expect(figures.calibrationError < 0.08)
        // Half of the questions can go to a model that costs 1/200, at little loss.
        #expect(figures.routing.accuracyAtHalf > 0.5)
        #expect(figures.routing.aiq > 0.55)
    }

    @Test("the expected length of an answer follows the question")
    func lengths() throws {
        let profiles = try SyntheticPanel.trained.get()
        let easy = profiles.features(of: StepText(prompt: "How many apples are 12 and two apples?"))
        let hard = profiles.features(
            of: StepText(prompt: "Integrate the product of 12 apples over the manifold and prove convergence."))
        let short = try #require(profiles.predict(easy, for: ModelID("strong"))).outputTokens
        let long = try #require(profiles.predict(hard, for: ModelID("strong"))).outputTokens
        #expect(abs(short.mean - 40) < 10)
        #expect(abs(long.mean - 400) < 100)
        #expect(short.p95 >= short.mean)
    }

    @Test("the same rows and seed give the same bytes, and another seed gives others")
    func deterministic() throws {
        let rows =
            SyntheticPanel.rows(count: 120) + SyntheticPanel.rows(suite: "pears", count: 120, vocabulary: "pears")
        func bytes(_ seed: UInt64) throws -> [[UInt8]] {
            let set = try SyntheticPanel.trainer(seed: seed).train(outcomes: rows, traces: [])
            return set.panels.map { $0.encoded() } + [try #require(set.gate).encoded()]
        }
        let first = try bytes(1)
        let again = try bytes(1)
        let other = try bytes(2)
        #expect(again == first)
        #expect(other != first)
    }

    @Test("only rows of the training split are fitted")
    func onlyTrain() throws {
        let train = SyntheticPanel.rows(count: 120)
        let other = SyntheticPanel.rows(count: 60, seed: 5, split: .validation)
        let alone = try SyntheticPanel.trainer().train(outcomes: train, traces: [])
        let both = try SyntheticPanel.trainer().train(outcomes: train + other, traces: [])
        #expect(alone.panels.map { $0.encoded() } == both.panels.map { $0.encoded() })
        #expect(throws: EstimationError.self) { try SyntheticPanel.trainer().train(outcomes: other, traces: []) }
    }

    @Test("a suite whose name cannot be a file's name, or with too few rows, is refused with the reason")
    func refuses() throws {
        #expect(throws: EstimationError.self) {
            try SyntheticPanel.trainer().train(outcomes: SyntheticPanel.rows(suite: "../x", count: 100), traces: [])
        }
        #expect(throws: EstimationError.self) {
            try SyntheticPanel.trainer().train(outcomes: SyntheticPanel.rows(count: 10), traces: [])
        }
    }

    @Test("a model that answered several suites gets one prediction, led by the suite that the text is like")
    func oneModelInSeveralPanels() throws {
        let apples = SyntheticPanel.rows(count: 120)
        let pears = SyntheticPanel.rows(suite: "pears", count: 120, seed: 4, vocabulary: "pears").map { row in
            var row = row
            row.outcomes["weak"]?.score = 0
            return row
        }
        let profiles = try SyntheticPanel.trainer().train(outcomes: apples + pears, traces: [])
        #expect(profiles.places(of: ModelID("weak")).count == 2)
        let apple = profiles.features(of: StepText(prompt: "How many apples are 7 and two apples?"))
        let pear = profiles.features(of: StepText(prompt: "How many pears are 7 and two pears?"))
        #expect(try #require(profiles.predict(apple, for: ModelID("weak"))).quality > 0.7)
        #expect(try #require(profiles.predict(pear, for: ModelID("weak"))).quality < 0.3)
        #expect(profiles.predict(apple, for: ModelID("nobody")) == nil)
    }

    @Test("a cheap model is similar to the reference on what it can do, and not on what it cannot")
    func similarity() throws {
        let profiles = try SyntheticPanel.trained.get()
        let easy = profiles.features(of: StepText(prompt: "How many apples are 12 and two apples?"))
        let hard = profiles.features(
            of: StepText(prompt: "Integrate the product of 12 apples over the manifold and prove convergence."))
        let high = try #require(profiles.requestSimilarity(easy, of: ModelID("weak"), to: ModelID("strong")))
        let low = try #require(profiles.requestSimilarity(hard, of: ModelID("weak"), to: ModelID("strong")))
        #expect(high > 0.75)
        #expect(low < 0.4)
        #expect(profiles.requestSimilarity(easy, of: ModelID("weak"), to: ModelID("nobody")) == nil)
    }
}
