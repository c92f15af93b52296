import Testing

@testable import Domain
@testable import Estimation
@testable import Training

/// The parts that predictions of runs are made of, each against a slow and obvious form of itself.
@Suite struct RunPartsTests {
    private static let texts = [
        "Count the singers of each country", "How many singers are there in each country?", "List all stadiums by name",
        "What are the names of the stadiums?", "Solve x + 3 = 7", "Find the average age of the singers from France",
    ]

    @Test("the kernel is the square of the mean of both views' cosines")
    func kernel() {
        let grams = Self.texts.map { NGrams(of: [$0]) }
        let targets: [[Double?]] = grams.map { _ in [1, nil] }
        let recall = TaskRecall.train(grams, targets: targets, folding: grams.indices.map { $0 % 2 }).recall
        func weight(_ bucket: UInt32) -> Double {
            let slot = Int(recall.vocabulary.slots[Int(bucket)])
            return slot == 0 ? 0 : Double(recall.vocabulary.weights[slot - 1])
        }
        func cosine(_ a: [UInt32], _ b: [UInt32]) -> Double {
            let common = Set(a).intersection(b).reduce(0) { $0 + weight($1) * weight($1) }
            let lengths = [a, b].map { $0.reduce(0) { $0 + weight($1) * weight($1) }.squareRoot() }
            return lengths[0] * lengths[1] > 0 ? common / (lengths[0] * lengths[1]) : 0
        }
        for text in grams {
            for (task, k) in recall.kernel(text).enumerated() {
                let mean =
                    (cosine(text.characters, grams[task].characters) + cosine(text.words, grams[task].words)) / 2
                #expect(abs(Double(k) - mean * mean) < 1e-4)
            }
        }
    }

    @Test("a near duplicate determines a task, and out-of-fold estimates do not see it")
    func twins() throws {
        let topics = ["singers", "stadiums", "poker players", "car makers", "museums", "pets", "flights", "concerts"]
        let prompts = topics.flatMap { ["How many \($0) are there?", "Count the number of \($0)."] }
        let good = topics.indices.flatMap { [Double](repeating: Double($0 % 2), count: 2) }
        let trained = TaskRecall.train(
            prompts.map { NGrams(of: [$0]) }, targets: good.map { [$0] }, folding: prompts.indices.map { $0 % 2 })
        let auc = try #require(RankingMetrics.auc(trained.honest.map { Double($0[0]) }, good))
        #expect(auc > 0.9)
        // A task like no other gets the mean.
        let stranger = trained.recall.scores(NGrams(of: ["zzz qqq"]))
        #expect(abs(stranger[0] - 0.5) < 0.05)
    }

    @Test("directions have length 1, and nothing has none")
    func directions() {
        let embedder = StepEmbedder.train(
            (0..<60).map { "select \(["name", "age", "city"][$0 % 3]) from \(["people", "cars"][$0 % 2]) \($0)" },
            seed: 1)
        func cosine(_ a: String, _ b: String) -> Float {
            StepDistance.cosine(embedder.direction(a), embedder.direction(b))
        }
        let length = embedder.direction("select name from cars").reduce(0) { $0 + $1 * $1 }
        #expect(abs(length - 1) < 1e-4)
        #expect(embedder.direction("") == StepEmbedder.nowhere)
        #expect(embedder.direction("ŋŋŋ").allSatisfy { $0 == 0 })
        #expect(cosine("select name from cars 3", "select name from cars 8") > 0.9)
        #expect(cosine("select name from cars 3", "select age from people 3") < 0.6)
    }

    @Test("expected outputs are the linear truth, and look ahead as far as the runs went")
    func predictor() {
        var random = SeededGenerator(seed: 6)
        let rows = (0..<600).map { index -> OutputPredictorTrainer.Row in
            let sign: Float = random.unit() < 0.5 ? -1 : 1
            // Model 1 says the opposite of model 0; no model says anything two steps ahead.
            var direction = StepEmbedder.nowhere
            direction[index % 2 == 0 ? 3 : 7] = sign
            return OutputPredictorTrainer.Row(
                model: index % 2, fold: index % 3, state: [sign, Float(random.normal()), 5],
                outputs: (0..<OutputPredictor.horizons).map { $0 < 2 ? direction : StepEmbedder.nowhere })
        }
        var trainer = OutputPredictorTrainer()
        trainer.ownPenalty = 1
        let (all, without) = trainer.train(rows, models: 2, folds: 3)
        for predictor in [all] + without {
            let state = predictor.standardized([-1, 0, 5])
            #expect(abs(predictor.mean(state, model: 0, ahead: 1).numbers[3] + 1) < 0.15)
            #expect(abs(predictor.mean(state, model: 1, ahead: 0).numbers[7] + 1) < 0.15)
            #expect(predictor.mean(state, model: 1, ahead: 0).product(predictor.mean(state, model: 0, ahead: 0)) < 0.1)
            #expect(predictor.mean(state, model: 0, ahead: 2).length < 0.05)
        }
    }

    @Test("an alignment tells from where every distance was counted")
    func alignment() {
        let a: [Float] = [1, 0, 0]
        let b: [Float] = [0, 1, 0]
        let c: [Float] = [0, 0, 1]
        let (classes, from) = StepDistance.alignment(reference: [a, b, c, a], other: [a, c, b, c, b, a])
        #expect(classes == [0, 1, 0, 1])
        #expect(from == [0, 1, 3, 4])
    }

    @Test("a recorded history and a gateway's read alike, and its end is kept")
    func history() {
        let steps = [
            RunStep(output: "select 1", observation: "Error: no table"), RunStep(output: "select 2", observation: ""),
        ]
        #expect(RunText.history(of: steps) == "select 1\nError: no table\nselect 2")
        #expect(RunText.counts(of: "").first == 1)
        let counts = RunText.counts(of: RunText.history(of: steps))
        #expect(counts.count == RunText.count)
        #expect(counts[5] == 1)
        let long = (0..<900).map { RunStep(output: "step é \($0)", observation: "seen") }
        #expect(RunText.history(of: long).hasSuffix("step é 899\nseen"))
        #expect(RunText.history(of: long).utf8.count <= RunText.most + 3)
    }

    @Test("calls that do not fit their tool's schema are not acceptable in any dialect")
    func calls() {
        let tools =
            #"[{"name": "add", "parameters": {"type": "dict", "properties": {"a": {"type": "float"}}, "required": ["a"]}}]"#
        #expect(
            CallCheck.problem(in: #"{"tool_calls": [{"name": "add", "arguments": {"a": 1}}]}"#, tools: tools) == nil)
        #expect(CallCheck.problem(in: #"[{"name": "add", "arguments": "{\"a\": 1}"}]"#, tools: tools) == nil)
        #expect(CallCheck.problem(in: #"[{"name": "add", "arguments": {"a": "x"}}]"#, tools: tools) != nil)
        #expect(CallCheck.problem(in: #"[{"function": {"name": "ad", "arguments": "{}"}}]"#, tools: tools) != nil)
        #expect(CallCheck.problem(in: "There is no tool for that.", tools: tools) == nil)
        #expect(CallCheck.problem(in: #"[{"name": "add", "arguments": {}}]"#, tools: nil) == nil)
    }
}
