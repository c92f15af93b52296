import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct GeneralTests {
    static func record(_ points: Double) -> PublishedRecord {
        let score = PublishedScore(
            benchmark: "eci", score: points, source: "test", asOf: CalendarDay("2026-11-01") ?? Timestamp.now().day,
            licence: "fact")
        return PublishedRecord(
            scores: [score],
            lengths: AnswerLengths(factor: 4, chat: 800, reasoning: 1600, agentStep: 500, basis: "test"))
    }

    static let book = ScoreBook(
        benchmarks: [
            "eci": Benchmark(name: "eci", about: "index", unit: .points, range: 60...200, kind: .general)
        ], records: ["weak": record(115), "strong": record(140)])

    /// Prompts of another world than the panel's: letters are easy, treaties are hard.
    private static let prompts = (0..<80).map { index -> AuthoredPrompt in
        let isHard = index.isMultiple(of: 2)
        return AuthoredPrompt(
            id: "p\(index)", kind: isHard ? "law" : "mail", difficulty: isHard ? 160 : 70,
            text: StepText(
                prompt: isHard
                    ? "Draft a treaty clause \(index) that reconciles both arbitration regimes under the convention."
                    : "Write a short friendly letter number \(index) to my neighbour about the garden."),
            sameAs: index == 2 ? "p0" : nil)
    }

    private static let material = GeneralMaterial(book: book, prompts: prompts)

    private static let trained = Result {
        try SyntheticPanel.trainer().train(
            outcomes: SyntheticPanel.rows(count: 160), traces: [], general: material)
    }

    private func prediction(_ points: Double, _ prompt: String) throws -> Prediction {
        let set = try Self.trained.get()
        let standing = try #require(set.standings?.standing(of: Self.record(points), name: "new"))
        let subject = PredictedModel(id: ModelID("new"), profile: nil, standing: standing)
        return try #require(set.predictions(set.features(of: StepText(prompt: prompt)), of: [subject])[0])
    }

    private let hard = "Draft a treaty clause that reconciles the arbitration regimes of both states."
    private let easy = "Write a friendly letter to my neighbour about the fence."

    @Test(
        "a text unlike all recorded ones is predicted from general ability, and an abler model is clearly better there")
    func abler() throws {
        let weak = try prediction(120, hard)
        let strong = try prediction(160, hard)
        #expect(strong.quality > weak.quality + 0.3)
        #expect(try #require(weak.knownShare) < 0.4)
        #expect(weak.basis == .scores(ModelID("new")))
        #expect(weak.source.contains("general ability"))
        #expect(try prediction(120, easy).quality > 0.9)
        #expect(abs(try #require(strong.ability) - 160) < 1e-9)
    }

    @Test("a text of a panel is predicted by its panel, in the order of its difficulty there")
    func known() throws {
        let easy = try prediction(128, "How many apples are 12 and two apples?")
        let hard = try prediction(128, "Integrate the product of 3 apples over the manifold and prove convergence.")
        #expect(try #require(easy.knownShare) > 0.8)
        #expect(easy.quality > hard.quality)
        #expect(abs(easy.usual - hard.usual) < 1e-3)
    }

    @Test("what an answer is expected to hold grows with the model's published lengths and the text's difficulty")
    func lengths() throws {
        #expect(try prediction(150, hard).outputTokens.mean > 2 * prediction(150, easy).outputTokens.mean)
    }

    @Test("models with answers get their ability from their scores")
    func measured() throws {
        let set = try Self.trained.get()
        #expect(abs(try #require(set.standing(of: ModelID("strong"))).ability.points - 140) < 0.5)
        let features = set.features(of: StepText(prompt: hard))
        let both = set.predictions(features, for: [ModelID("weak"), ModelID("strong")])
        #expect(try #require(both[1]).quality > #require(both[0]).quality)
    }

    @Test("the same material gives the same bytes, also where the panels are kept")
    func bytes() throws {
        let rows = SyntheticPanel.rows(count: 160)
        let set = try Self.trained.get()
        var report: [DifficultyFigures] = []
        let again = try SyntheticPanel.trainer().refit(
            set, outcomes: rows, traces: [], general: Self.material, report: { report.append($0) })
        #expect(again.general?.encoded() == set.general?.encoded())
        #expect(again.ability?.encoded() == set.ability?.encoded())
        #expect(again.gate?.encoded() == set.gate?.encoded())
        #expect(try #require(report.first).correlation > 0.9)
    }

    @Test("the dial stays where the panels are kept")
    func dial() throws {
        var set = try Self.trained.get()
        set.dial = DialProfile(kinds: [DialProfile.Kind(name: "toy", losses: [0.01, 0.1], multiples: [40, 4])])
        let again = try SyntheticPanel.trainer().refit(
            set, outcomes: SyntheticPanel.rows(count: 160), traces: [], general: GeneralMaterial())
        #expect(again.dial == set.dial)
    }

    @Test("a suite cannot have the name of another profile file", arguments: ["ability", "dial", "gate"])
    func reservedName(suite: String) {
        #expect(throws: EstimationError.self) {
            try SyntheticPanel.trainer().train(outcomes: SyntheticPanel.rows(suite: suite, count: 40), traces: [])
        }
    }

    @Test("rows of other suites cannot keep the panels")
    func otherSuites() throws {
        let set = try Self.trained.get()
        #expect(throws: EstimationError.self) {
            try SyntheticPanel.trainer().refit(
                set, outcomes: SyntheticPanel.rows(suite: "pears", count: 80), traces: [], general: Self.material)
        }
    }

    @Test("the profiles survive their folder")
    func folder() throws {
        let folder = NSTemporaryDirectory() + "general-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let set = try Self.trained.get()
        try set.write(to: folder)
        let read = try ProfileSet.load(directory: folder)
        #expect(read.general?.encoded() == set.general?.encoded())
        #expect(read.ability?.encoded() == set.ability?.encoded())
        #expect(read.gate?.encoded() == set.gate?.encoded())
    }

    @Test("a prompt's difficulty outside of the scale is refused with its line")
    func badPrompt() throws {
        let path = NSTemporaryDirectory() + "prompts-" + UUID().uuidString + ".jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let line = #"{"id": "a", "kind": "k", "difficulty": 1500, "prompt": "hello"}"#
        try Data((line + "\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect {
            try AuthoredPrompt.read(path)
        } throws: { error in
            "\(error)".contains("line 1: difficulty: 1500")
        }
    }
}

@Suite struct DayZeroTests {
    @Test("states of knowledge are read, and others are refused")
    func knowledge() throws {
        #expect(try DayZeroKnowledge("scores") == .scores)
        #expect(try DayZeroKnowledge("probes:16") == .probes(16))
        for text in ["probes", "probes:0", "scores:1", "all"] {
            #expect(throws: EstimationError.self) { try DayZeroKnowledge(text) }
        }
    }

    @Test("a model that is treated as new is predicted by the others, near its published level")
    func replay() throws {
        let rows = SyntheticPanel.rows(count: 160)
        let book = GeneralTests.book
        let set = try SyntheticPanel.trainer().train(
            outcomes: rows, traces: [], general: GeneralMaterial(book: book))
        let replay = Replay(
            suite: "toy", rows: SyntheticPanel.rows(count: 60, seed: 9, split: .validation), profiles: set)
        for knowledge in [DayZeroKnowledge.suite, .probes(32)] {
            let day = DayZeroReplay(profiles: set, book: book, knowledge: knowledge)
            let figures = try #require(day.figures(replay, training: rows))
            #expect(figures.models == ["strong", "weak"])
            #expect(figures.knowledge == knowledge)
            // With the suite's own score the level is known, and answers find most of it.
            #expect(figures.baseRateError < (knowledge == .suite ? 0.12 : 0.35))
        }
        let blank = DayZeroReplay(profiles: set, book: ScoreBook(), knowledge: .scores)
        #expect(blank.figures(replay, training: rows) == nil)
    }
}
