import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct LiveProberTests {
    /// Probes like the toy world's questions: half of them easy.
    private func items(_ count: Int) -> [ProbeItem] {
        SyntheticPanel.rows(count: count, seed: 77).enumerated().map { index, row in
            let isHard = row.text.prompt.contains("Integrate")
            return ProbeItem(
                id: "p\(index)", kind: isHard ? "hard" : "easy", level: isHard ? 4 : 1, text: row.text,
                grader: .number(1, tolerance: 0))
        }
    }

    private func answers(_ items: [ProbeItem], easy: Double, hard: Double, tokens: Double = 40) -> [GradedProbe] {
        var random = SeededGenerator(seed: 5)
        return items.map { item in
            GradedProbe(
                item: item, score: random.unit() < (item.kind == "hard" ? hard : easy) ? 1 : 0, outputTokens: tokens)
        }
    }

    @Test("a model that is right more often on probes is expected to be right more often, and both know what is hard")
    func ability() throws {
        let known = try SyntheticPanel.trained.get()
        let prober = LiveProber(known)
        let items = items(48)
        let set = known.adding(prober.profile("dull", answers(items, easy: 0.3, hard: 0.02)))
            .adding(prober.profile("bright", answers(items, easy: 1, hard: 0.9)))
        let easy = set.features(of: StepText(prompt: "How many apples are 12 and two apples?"))
        let hard = set.features(of: StepText(prompt: "Integrate the product of 3 apples over the manifold."))
        func quality(_ model: String, _ features: StepFeatures) throws -> Double {
            try #require(set.predict(features, for: ModelID(model))).quality
        }
        #expect(try quality("bright", easy) > quality("dull", easy) + 0.1)
        #expect(try quality("bright", hard) > quality("dull", hard) + 0.1)
        #expect(try quality("bright", easy) > quality("bright", hard))
    }

    @Test("a model as able as the known ones on average is put near their average")
    func average() throws {
        let known = try SyntheticPanel.trained.get()
        let scale = AbilityScale(known.panels[0])
        let inference = LiveInference()
        let items = items(48)
        let readings = items.map { item in
            var reading = inference.reading(GradedProbe(item: item, score: 0), known, [scale])
            reading.score = logistic(reading.difficulty)
            return reading
        }
        #expect(abs(inference.abilities(readings, panels: 1)[0]) < 0.2)
        for index in known.panels[0].models.indices {
            let weights = scale.blend(0)
            #expect(abs(weights[index] - 0.5) < 1e-6)
        }
    }

    @Test("a kind of probe that is harder than it looks costs less where kinds may differ")
    func kinds() throws {
        func reading(_ kind: String, _ score: Double) -> LiveInference.Reading {
            LiveInference.Reading(kind: kind, score: score, difficulty: 1, shares: [1], slopes: [1])
        }
        let others = (0..<40).map { reading("kind\($0 % 5)", $0 % 4 == 0 ? 0 : 1) }
        let odd = (0..<8).map { _ in reading("odd", 0) }
        func loss(_ kindPrecision: Double) -> Double {
            var inference = LiveInference()
            inference.kindShare = 0
            inference.kindPrecision = kindPrecision
            return inference.abilities(others, panels: 1)[0] - inference.abilities(others + odd, panels: 1)[0]
        }
        #expect(loss(0.7) > 0)
        #expect(loss(0.7) < loss(1e6))
    }

    @Test("a blend follows the line of abilities up to the ablest known model, and only shifts beyond")
    func blend() throws {
        let panel = try SyntheticPanel.trained.get().panels[0]
        let scale = AbilityScale(panel)
        let best = try #require(scale.centred.max())
        let place = try #require(scale.centred.firstIndex(of: best))
        let there = scale.blend(best)
        for model in panel.models.indices { #expect(abs(there[model] - (model == place ? 1 : 0)) < 1e-4) }
        let beyond = scale.blend(best + 1)
        #expect(abs(beyond[panel.models.count] - 1) < 1e-5)
        #expect(zip(beyond, there).dropLast().allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("probes are chosen of every kind, differently for another seed, and never more than there are")
    func chooses() throws {
        let prober = LiveProber(try SyntheticPanel.trained.get())
        let items = items(60)
        let chosen = try prober.choose(16, of: items)
        #expect(chosen.count == 16)
        #expect(Set(chosen.map(\.kind)) == ["easy", "hard"])
        #expect(try prober.choose(16, of: items).map(\.id) == chosen.map(\.id))
        #expect(try prober.choose(60, of: items).count == 60)
        for count in [7, 61] {
            #expect(throws: EstimationError.self) { try prober.choose(count, of: items) }
        }
    }

    @Test("lengths and speeds that were measured are in the profile and come back from its file")
    func coding() throws {
        let known = try SyntheticPanel.trained.get()
        let folder = NSTemporaryDirectory() + "hera-live-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try known.write(to: folder)
        let items = items(24)
        var short = LiveProber(known).profile("maker/short", answers(items, easy: 1, hard: 1, tokens: 10))
        short.decodeTokensPerSecond = 20
        short.firstTokenSeconds = 0.5
        let long = LiveProber(known).profile("long", answers(items, easy: 1, hard: 1, tokens: 1000))
        for profile in [short, long] { _ = try ProfileSet.write(profile, to: folder) }
        let set = try ProfileSet.load(directory: folder)
        let features = set.features(of: items[0].text)
        func tokens(_ name: String) throws -> Double {
            try #require(set.predict(features, for: ModelID(name))).outputTokens.mean
        }
        #expect(try tokens("long") > 50 * tokens("short"))
        #expect(set.speed(of: ModelID("short")) == AnswerSpeed(firstTokenSeconds: 0.5, secondsPerToken: 0.05))
        #expect(set.speed(of: ModelID("long")) == nil)
        #expect(set.liveProfiles.map(\.name) == ["long", "maker/short"])
        #expect(set.liveProfiles[1].probes == 24)
        #expect(set.panels[0].encoded() == known.panels[0].encoded())
        let before = try Data(contentsOf: URL(fileURLWithPath: folder + "/model-maker-short.profile"))
        try set.write(to: folder)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/model-maker-short.profile")) == before)
    }

    @Test("a profile whose panel was trained with other models since is not used")
    func foreignPanel() throws {
        let known = try SyntheticPanel.trained.get()
        var profile = LiveProber(known).profile("new", answers(items(24), easy: 1, hard: 1))
        #expect(known.adding(profile).hasProfile(ModelID("new")))
        profile.blends[0].panelModels = ["others", "entirely"]
        #expect(!known.adding(profile).hasProfile(ModelID("new")))
    }

    @Test("a live profile that is cut short is refused")
    func damaged() throws {
        let known = try SyntheticPanel.trained.get()
        let bytes = LiveProber(known).profile("new", answers(items(24), easy: 1, hard: 1)).encoded()
        for length in [0, 4, bytes.count / 2, bytes.count - 1] {
            #expect(throws: ByteReader.Failure.self) {
                try bytes[..<length].withUnsafeBytes { raw in
                    var reader = ByteReader(raw)
                    _ = try LiveProfile(&reader)
                }
            }
        }
    }
}
