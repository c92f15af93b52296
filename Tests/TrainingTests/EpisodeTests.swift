import Domain
import Estimation
import Foundation
import Testing

@testable import Training

/// Dialogues of four turns. A provider's answer with the source pays at turns of the kind "hard" alone, and the budget has
/// room for one of them. Easy turns come first and look nearly as good, so that a greedy policy spends too early.
private enum Dialogues {
    static let budget = EpisodeBudget(seconds: 100, dollars: 0.011)

    static func rows(_ count: Int, seed: UInt64 = 1) -> [EpisodeRow] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let steps = ["easy", "easy", "hard", "hard"].map { task -> EpisodeStep in
                let isCloud = random.unit() < 0.5
                let sends = isCloud && random.unit() < 0.7
                let score = !isCloud ? 0.2 : !sends ? 0.3 : task == "hard" ? 3 : 1
                return EpisodeStep(
                    task: task, placement: isCloud ? .cloud : .edge, sources: sends ? [0] : [], score: score,
                    seconds: 1, costUSD: isCloud ? sends ? 0.01 : 0.001 : 0)
            }
            return EpisodeRow(
                id: "d\(index)", suite: "dialogues", sources: ["view"],
                association: [[Double]](repeating: [1], count: 4), steps: steps)
        }
    }

    static var trainer: EpisodeTrainer { EpisodeTrainer(budget: budget) }
}

@Suite("Episodes under budgets")
struct EpisodeTests {
    @Test("a logged turn is simulated with its own score where five like it agree")
    func simulation() {
        let rows = Dialogues.rows(40)
        let world = EpisodeWorld(suite: "dialogues", rows: rows)
        var state = EpisodeState(actions: world.simulation.actions)
        state.begin(task: 0)
        let responses = world.simulation.responses(state)
        // Actions: own hardware, provider without the source, provider with it.
        #expect(responses.count == 3)
        #expect(abs(responses[0] - 0.2) < 1e-3)
        #expect(abs(responses[1] - 0.3) < 1e-3)
        #expect(abs(responses[2] - 1) < 1e-3)
    }

    @Test("an answer that refuses counts as 0")
    func refusal() {
        let step = EpisodeStep(task: "a", placement: .edge, score: 2, output: "I'm sorry, no.")
        #expect(step.acceptedScore == 0)
        #expect(EpisodeStep(task: "a", placement: .edge, score: 2, output: "Yes.").acceptedScore == 2)
    }

    @Test("the learned value keeps money for the turns that need it, and passes no budget")
    func future() throws {
        let rows = Dialogues.rows(40)
        let world = EpisodeWorld(suite: "dialogues", rows: rows)
        var fitted = FittedValue(simulation: world.simulation, rows: rows, budget: Dialogues.budget)
        (fitted.played, fitted.rounds, fitted.iterations) = (150, 2, 4)
        let learned = EpisodeFigures(
            "learned", world.play(.learned(fitted.forest()), rows, budget: Dialogues.budget), budget: Dialogues.budget)
        let greedy = EpisodeFigures(
            "greedy", world.play(.greedy(isMasked: true), rows, budget: Dialogues.budget), budget: Dialogues.budget)
        #expect(learned.reward > greedy.reward + 0.2)
        #expect(learned.violations == 0)
        let oracle = rows.prefix(4).map {
            EpisodeOracle().run($0, in: world.simulation, budget: Dialogues.budget).total / 4
        }
        #expect(learned.reward <= (oracle.max() ?? 0) + 1e-9)
    }

    @Test("a policy without a budget in mind passes it, and its turns beyond count 0")
    func violations() {
        let rows = Dialogues.rows(10)
        let world = EpisodeWorld(suite: "dialogues", rows: rows)
        let figures = EpisodeFigures(
            "all", world.play(.cloud(sources: nil), rows, budget: Dialogues.budget), budget: Dialogues.budget)
        #expect(figures.violations == 1)
        #expect(figures.sourcesMean == 1)
        #expect(figures.placementShare == 1)
        #expect(abs(figures.costUSD - 0.04) < 1e-9)
    }

    @Test("a profile is read as it was written, and says whether its value beats constant prices")
    func profile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("episodes-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let suite = Self.profile
        try EpisodeProfile(suites: [suite]).write(to: folder)
        let read = try EpisodeProfile.load(directory: folder)
        #expect(read.suites == [suite])
        #expect(read.suites[0].isUsed == (suite.validationReward > suite.validationPricedReward))

        let path = folder + "/" + EpisodeProfile.fileName
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(throws: EstimationError.self) { try EpisodeProfile.load(directory: folder) }
    }

    @Test("a profile whose trees lead outside of themselves is rejected")
    func crookedTree() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("episodes-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var suite = Self.profile
        let nodes = [ValueForest.Node(feature: 0, value: 0, left: 0, right: 0)]
        suite.value = ValueForest(width: suite.value.width, trees: [nodes])
        try EpisodeProfile(suites: [suite]).write(to: folder)
        #expect(throws: EstimationError.self) { try EpisodeProfile.load(directory: folder) }
    }

    @Test(
        "a row that does not fit together is rejected with what is wrong",
        arguments: [
            (#"[["a","a"]]"#, "twice"), (#"[["a"],[]]"#, "association"), (#"[["a"],[[1]],"edge",[0]]"#, "edge"),
            (#"[["a"],[[1]],"cloud",[1]]"#, "not there"), (#"[["a"],[[-1]],"cloud",[0]]"#, "below 0"),
        ])
    func badRow(_ parts: String, _ words: String) throws {
        let values = try #require(try JSONSerialization.jsonObject(with: Data(parts.utf8)) as? [Any])
        let step: [String: Any] = [
            "task": "t", "placement": values.count > 2 ? values[2] : "edge",
            "sources": values.count > 3 ? values[3] : [],
            "score": 1, "latency_s": 1, "cost_usd": 0, "output": "",
        ]
        let row: [String: Any] = [
            "id": "1", "suite": "s", "sources": values[0], "association": values.count > 1 ? values[1] : [[1, 1]],
            "steps": [step],
        ]
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("row-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: path) }
        try JSONSerialization.data(withJSONObject: row).write(to: path)
        let error = #expect(throws: EstimationError.self) { try EpisodeRow.read(path.path) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words))
    }

    private static var profile: EpisodeProfile.Suite {
        let rows = Dialogues.rows(12)
        let world = EpisodeWorld(suite: "dialogues", rows: rows)
        var fitted = FittedValue(simulation: world.simulation, rows: rows, budget: Dialogues.budget)
        (fitted.played, fitted.rounds, fitted.iterations) = (20, 1, 2)
        let value = fitted.forest()
        return world.profile(
            "dialogues", value, budget: Dialogues.budget, longest: value.longest, reward: 1.5, priced: 1.25,
            planned: 1.375)
    }
}
