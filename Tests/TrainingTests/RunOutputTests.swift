import Testing

@testable import Domain
@testable import Estimation
@testable import Training

/// What models say next: embeddings, predicted outputs, distances, on runs with a known truth.
@Suite struct RunOutputTests {
    /// On easy tasks the small model says what the large one says; on hard ones it wanders off, or comes a step late.
    static func runs(tasks: Int, seed: UInt64 = 4, split: Split = .train) -> [TraceRow] {
        var random = SeededGenerator(seed: seed)
        return (0..<tasks).flatMap { task in
            let isHard = random.unit() < 0.5
            let number = Int(random.unit() * 90)
            let topic = ["ledger", "stadium", "orchestra", "museum"][task % 4]
            let right = (0..<3).map { step in
                "SELECT \(topic) amount FROM \(topic) table WHERE part = \(["alpha", "beta", "gamma"][step]) \(number)"
            }
            let lost = (0..<3).map { step in
                "I am sorry, the database does not answer and nothing can be said \(["again", "still", "anyway"][step])"
            }
            return ["small", "large"].map { model -> TraceRow in
                let outputs = model == "large" || !isHard ? right : lost
                let succeeds = outputs == right
                let steps = outputs.enumerated().map { step, output in
                    TraceStep(
                        kind: nil, output: output,
                        observation: succeeds ? "[(\(number), \(step))]" : "Error: no such column", reward: nil,
                        inputTokens: 100, outputTokens: 10, costUSD: model == "large" ? 0.01 : 0.0001)
                }
                return TraceRow(
                    taskID: "t\(task)", suite: "scheduler", dataset: "scheduler", split: split,
                    prompt: isHard
                        ? "Reconcile and audit every entry of the \(topic) against all others \(number)"
                        : "Count the rows of the \(topic) sheet \(number)",
                    model: model, success: succeeds ? 1 : 0, costUSD: model == "large" ? 0.03 : 0.0003, steps: steps)
            }
        }
    }

    /// Two models and forty tasks, as a small benchmark has.
    static let trained = Result { try SyntheticPanel.trainer().train(outcomes: [], traces: runs(tasks: 40)) }

    private let easy = StepText(prompt: "Count the rows of the museum sheet 12")
    private let hard = StepText(prompt: "Reconcile and audit every entry of the museum against all others 12")

    @Test("forty tasks of two models teach where their outputs agree")
    func similarity() throws {
        let profiles = try Self.trained.get()
        let models: [ModelID] = [.small, .large]
        let agreeing = profiles.read(easy, models: models)
        let parting = profiles.read(hard, models: models)
        func cosine(_ reading: StepReading, _ ahead: Int = 0, _ others: Int = 0) throws -> Double {
            try #require(reading.outputSimilarity(of: .small, ahead: ahead, to: .large, ahead: others))
        }
        // HERA's thresholds stand between the two.
        #expect(try cosine(agreeing) > 0.7)
        #expect(try cosine(parting) < 0.6)
        #expect(try cosine(agreeing, 1, 1) > cosine(parting, 1, 1))
        #expect(agreeing.stepSimilarity(of: .small, to: .large) == (try cosine(agreeing)))
        #expect(agreeing.outputSimilarity(of: .large, ahead: 2, to: .large, ahead: 2) == 1)
        // A run of three steps has no sixth one to agree on, and looking further than the last horizon is no crash.
        #expect((0...1).contains(try cosine(agreeing, 9, 9)))
        #expect(agreeing.outputSimilarity(of: .small, ahead: -1, to: .large, ahead: 0) == nil)
        #expect(agreeing.outputSimilarity(of: .unknown, ahead: 0, to: .large, ahead: 0) == nil)
    }

    @Test("distances are probabilities, none where the models agree and never where they part")
    func distance() throws {
        let profiles = try Self.trained.get()
        for (text, expected) in [(easy, Int?.some(0)), (hard, nil)] {
            let reading = profiles.read(text, models: [.small, .large])
            let forecast = try #require(reading.distance(of: .small, to: .large, position: 1))
            #expect(abs(forecast.none + forecast.one + forecast.more + forecast.never - 1) < 1e-4)
            #expect(forecast.likeliest == expected)
        }
    }

    @Test("a request is given away where the cheaper run ends as well, and only at its start by the trained estimator")
    func request() throws {
        let profiles = try Self.trained.get()
        let models: [ModelID] = [.small, .large]
        let agreeing = try #require(profiles.read(easy, models: models).requestSimilarity(of: .small, to: .large))
        let parting = try #require(profiles.read(hard, models: models).requestSimilarity(of: .small, to: .large))
        #expect(agreeing > 0.7)
        #expect(parting < agreeing - 0.2)
        var later = easy
        later.history = "SELECT museum amount FROM museum table WHERE part = alpha 12\n[(12, 0)]"
        #expect(profiles.read(later, models: models).requestSimilarity(of: .small, to: .large) != nil)
    }

    @Test("an estimate that is not a number is nil", arguments: [0, 1])
    func notANumber(broken: Int) throws {
        var profiles = try Self.trained.get()
        let panel = try #require(profiles.runs.keys.first)
        var profile = try #require(profiles.runs[panel])
        if broken == 0 {
            profile.cosine[1] = .nan
        } else {
            profile.startMix[0] = .nan
        }
        profiles.runs[panel] = profile
        let reading = profiles.read(easy, models: [.small, .large])
        if broken == 0 {
            #expect(reading.outputSimilarity(of: .small, ahead: 0, to: .large, ahead: 0)?.isFinite ?? true)
            #expect(reading.prediction(of: .small) != nil)
        } else {
            #expect(reading.prediction(of: .small) == nil)
            #expect(reading.requestSimilarity(of: .small, to: .large) == nil)
        }
        let distance = reading.distance(of: .small, to: .large, position: 1)
        #expect(distance.map { $0.none.isFinite && $0.never.isFinite } ?? true)
    }

    @Test("a suite of runs is read from its file as it was, to the resolution of its weights")
    func coding() throws {
        let profiles = try Self.trained.get()
        let (panel, profile) = try #require(profiles.runs.first)
        let bytes = ProfileFile.encode(.runs, profile.encoded())
        var again = profiles
        again.runs[panel] = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
            try RunProfile(&reader)
        }
        let models: [ModelID] = [.small, .large]
        for text in [easy, hard] {
            let before = profiles.read(text, models: models)
            let after = again.read(text, models: models)
            for ahead in 0...2 {
                let old = try #require(before.outputSimilarity(of: .small, ahead: ahead, to: .large, ahead: ahead))
                let new = try #require(after.outputSimilarity(of: .small, ahead: ahead, to: .large, ahead: ahead))
                #expect(abs(old - new) < 0.03)
            }
        }
    }

    @Test("a profile of runs of an older format is rejected with the advice to train again")
    func olderForm() throws {
        var writer = ByteWriter()
        writer.put("scheduler")
        writer.put(["small", "large"])
        let bytes = ProfileFile.encode(.runs, writer.bytes)
        #expect {
            _ = try ProfileFile.decode(bytes, path: "x") { (_, reader) throws(ByteReader.Failure) in
                try RunProfile(&reader)
            }
        } throws: { "\($0)".contains("train it anew") }
    }

    @Test("a suite with too few tasks says how many it needs")
    func tooFew() throws {
        #expect {
            _ = try SyntheticPanel.trainer().train(outcomes: [], traces: Self.runs(tasks: 19))
        } throws: { "\($0)".contains("needs at least 20") }
    }

    @Test("figures on tasks that were not trained on: the distance beats the constant guess")
    func figures() throws {
        let figures = try #require(
            RunFigures(suite: "scheduler", runs: Self.runs(tasks: 40, seed: 11), profiles: try Self.trained.get()))
        #expect(figures.outputs.distanceAccuracy > figures.outputs.distanceMajority + 0.1)
        #expect(figures.outputs.blindDistanceAccuracy > figures.outputs.distanceMajority + 0.1)
        #expect(figures.outputs.similarityAUC > 0.8)
        #expect(figures.similarityAUC > 0.9)
    }
}

extension ModelID {
    fileprivate static let small = ModelID("small")
    fileprivate static let large = ModelID("large")
    fileprivate static let unknown = ModelID("unknown")
}
