import Domain
import Testing

@testable import Routing

@Suite("Sources as ways of asking")
struct SourceWaysTests {
    /// Two sources: a short passage on which half of the quality depends, and a long one that adds a hundredth.
    private static func step(images: Bool = false) -> Step {
        let needs: Set<Capability> = images ? [.vision] : []
        let sources = [
            StepSource(id: "a", textBytes: 400, images: images ? 1 : 0, needs: needs),
            StepSource(id: "b", textBytes: 40_000, images: 0, needs: []),
        ]
        func subset(_ mask: UInt64, _ share: Double) -> SourceSubset {
            let chosen = sources.indices.filter { mask >> UInt64($0) & 1 == 1 }
            return SourceSubset(
                mask: mask, qualityShare: share, textBytes: chosen.reduce(0) { $0 + sources[$1].textBytes },
                images: chosen.reduce(0) { $0 + sources[$1].images }, needs: mask & 1 == 1 ? needs : [])
        }
        var step = Fixture.step(needs: needs)
        step.promptTokens = 10_200 + (images ? ImageTokens.likelyWhereUnknown : 0)
        step.promptTokensAtMost = 41_000 + (images ? ImageTokens.mostWhereUnknown : 0)
        step.images = images ? 1 : 0
        step.sources = StepSources(
            sources: sources, subsets: [subset(0b11, 1), subset(0b01, 0.999), subset(0b10, 0.51), subset(0, 0.5)],
            needsWithout: [])
        return step
    }

    private static func decision(
        _ step: Step, _ models: [PricedModel] = [Fixture.cheap], policy: Policy = Policy()
    ) throws -> Decision {
        var state = RunState()
        let estimator = FixedEstimator(quality: ["cheap": 0.8, "dear": 0.9, "edge": 0.5, "seeing": 0.8])
        return try StepRouter(estimator: estimator).route(
            step, decisionID: "d", state: &state, context: Fixture.context(models, policy: policy))
    }

    @Test("a source is sent where its gain is worth its price, and the others are named with theirs")
    func worth() throws {
        let decision = try Self.decision(Self.step())
        let choice = try #require(decision.candidate(decision.model)?.sources)
        #expect(choice.sent == ["a"])
        #expect(choice.left == ["b"])
        #expect(choice.remarks.contains { $0.hasPrefix("a sent") })
        #expect(choice.remarks.contains { $0.hasPrefix("b not sent") })
    }

    @Test("the cost, bound and time of a candidate are those of what it is sent")
    func amounts() throws {
        let candidate = try #require(try Self.decision(Self.step()).candidate(ModelID("cheap")))
        // 10,200 tokens less 10,000 of the second source, at 100 nano-USD, and 100 of output at 400.
        #expect(candidate.cost.total.nanoUSD == 200 * 100 + 100 * 400)
        #expect(candidate.worstCaseCost.nanoUSD == 1000 * 100 + 1000 * 400)
    }

    @Test("under a line of kappa every source that adds anything is sent")
    func line() throws {
        let decision = try Self.decision(Self.step(), policy: Policy(kappa: .published))
        #expect(decision.candidate(decision.model)?.sources?.sent == ["a", "b"])
    }

    @Test("a model that cannot read a kind may still answer from the rest")
    func kinds() throws {
        let seeing = Fixture.priced(
            Fixture.model("seeing", capabilities: [.tools, .streaming, .vision]), input: 200, output: 800)
        let decision = try Self.decision(Self.step(images: true), [Fixture.cheap, seeing])
        let blind = try #require(decision.candidate(ModelID("cheap")))
        #expect(blind.rejection == nil)
        #expect(blind.sources?.sent.contains("a") == false)
        #expect(decision.candidate(ModelID("seeing"))?.sources?.sent.contains("a") == true)
    }

    @Test("a budget that has no room for a source leaves it out instead of refusing")
    func budget() throws {
        var policy = Policy()
        // Room for the bound without sources (600 x 100 + 1000 x 400) alone.
        policy.budget = Money(nanoUSD: 470_000)
        let decision = try Self.decision(Self.step(), policy: policy)
        #expect(decision.candidate(decision.model)?.sources?.sent == [])
    }

    @Test("a subset is dominated by another one that is as good with less")
    func dominance() {
        let small = SourceSubset(mask: 1, qualityShare: 0.9, textBytes: 10, images: 0, needs: [])
        let large = SourceSubset(mask: 3, qualityShare: 0.9, textBytes: 20, images: 0, needs: [])
        #expect(large.isDominated(by: small))
        #expect(!small.isDominated(by: large))
        #expect(!small.isDominated(by: small))
    }
}
