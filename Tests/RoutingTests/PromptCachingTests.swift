import Domain
import Testing

@testable import Routing

@Suite("Prompt caches of models' servers")
struct PromptCachingTests {
    private static func priced(
        _ wire: WireFormat, shortest: Int? = 1024, hasWritePrice: Bool = true, promptCache: PromptCache = .kept
    ) -> PricedModel {
        var rates = Rates([
            .input: UnitPrice(nanoUSDPerMillion: 1000), .output: UnitPrice(nanoUSDPerMillion: 5000),
            .cachedRead: UnitPrice(nanoUSDPerMillion: 100),
        ])
        if hasWritePrice { rates[.cacheWrite5m] = UnitPrice(nanoUSDPerMillion: 1250) }
        let price = Price(tiers: [.standard: rates], source: "t", asOf: CalendarDay(daysSinceEpoch: 20_000))
        let model = Model(
            id: ModelID("m"), provider: "p",
            endpoints: [
                ModelEndpoint(
                    Endpoint(baseURL: "http://127.0.0.1:9/v1", wire: wire, modelName: "m", keyVariable: nil))
            ],
            placement: .cloud, tier: .large, contextTokens: 100_000, maxOutputTokens: 1000, capabilities: [.tools],
            prices: [price], promptCache: promptCache,
            speed: Speed(
                overheadSeconds: 0, prefillTokensPerSecond: 1000, decodeTokensPerSecond: 100, provenance: .estimated),
            shortestCachedPrompt: shortest)
        return PricedModel(model: model, price: price)
    }

    private static func step(
        prompt: Int = 3000, cached: Int = 0, tools: Bool = true, marks: CacheMarks = .open
    ) -> Step {
        var step = Step(
            id: "s", runID: "r", position: 1, text: StepText(prompt: "p", tools: tools ? "[]" : nil),
            promptTokens: prompt, promptTokensAtMost: prompt * 4, previousModel: cached > 0 ? ModelID("m") : nil,
            cachedTokens: cached)
        step.cacheMarks = marks
        return step
    }

    private static func caching(
        _ priced: PricedModel, _ step: Step, isBatch: Bool = false
    ) -> PromptCaching { PromptCaching(priced, step: step, isBatch: isBatch) }

    @Test("are marked for Anthropic's format where a next call is likely and the prompt is long enough")
    func marks() {
        let claude = Self.priced(.anthropic)
        #expect(Self.caching(claude, Self.step()).setsMarks)
        #expect(Self.caching(claude, Self.step(cached: 2000, tools: false)).setsMarks)
        #expect(!Self.caching(claude, Self.step(tools: false)).setsMarks, "a single question")
        #expect(!Self.caching(claude, Self.step(prompt: 1000)).setsMarks, "too short")
        #expect(!Self.caching(claude, Self.step(marks: .callers)).setsMarks)
        #expect(!Self.caching(claude, Self.step(marks: .closed)).setsMarks)
        #expect(!Self.caching(claude, Self.step(), isBatch: true).setsMarks)
        #expect(!Self.caching(Self.priced(.openAI), Self.step()).setsMarks)
        #expect(!Self.caching(Self.priced(.anthropic, hasWritePrice: false), Self.step()).setsMarks)
        #expect(!Self.caching(Self.priced(.anthropic, promptCache: .none), Self.step()).setsMarks)
        // Without a figure the longest known least length counts.
        #expect(!Self.caching(Self.priced(.anthropic, shortest: nil), Self.step()).setsMarks)
        #expect(Self.caching(Self.priced(.anthropic, shortest: nil), Self.step(prompt: 5000)).setsMarks)
    }

    @Test("are read by the model of the step before, where there are marks or the server needs none")
    func reads() {
        let warm = Self.step(cached: 2000)
        #expect(Self.caching(Self.priced(.anthropic), warm).cachedTokens == 2000)
        #expect(Self.caching(Self.priced(.anthropic), warm).writes(3000))
        #expect(Self.caching(Self.priced(.openAI), warm).cachedTokens == 2000)
        #expect(!Self.caching(Self.priced(.openAI), warm).writes(3000))
        let unmarked = Self.step(cached: 2000, marks: .closed)
        #expect(Self.caching(Self.priced(.anthropic), unmarked).cachedTokens == 0)
        #expect(!Self.caching(Self.priced(.anthropic), unmarked).writes(3000))
        #expect(Self.caching(Self.priced(.openAI), Self.step(cached: 1000)).cachedTokens == 0, "below 1,024 tokens")
        #expect(Self.caching(Self.priced(.openAI, shortest: nil), Self.step(cached: 1000)).cachedTokens == 1000)
    }
}
