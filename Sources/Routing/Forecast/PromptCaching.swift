package import Domain

/// Whether a model's server keeps a step's prompt in its cache, and what it bills for that.
///
/// Most servers cache by themselves. Anthropic's cache what is marked alone, and bill a write above the price of input, so
/// marks are set where a next call is expected to read what this one writes.
package struct PromptCaching: Sendable {
    private let model: Model
    private let size: PromptSize
    private let previousModel: ModelID?
    private let cacheMarks: CacheMarks
    /// Whether another call of the run is likely: tools are offered, or the run has had answers before.
    package let isExpectedToGoOn: Bool
    private let rates: Rates
    private let isBatch: Bool

    /// The shortest prompt that any of Anthropic's models is known to need for its cache, for models without a figure.
    private static let shortestMarked = 4096

    /// - Parameter isBatch: whether the step is a row of a batch: its prompt is sent once.
    package init(_ priced: PricedModel, step: Step, tier: ServiceTier = .standard, isBatch: Bool) {
        model = priced.model
        size = step.size(for: priced.model)
        previousModel = step.previousModel
        cacheMarks = step.cacheMarks
        isExpectedToGoOn = step.text.tools != nil || step.position > 1 || step.previousModel != nil
        rates = priced.price.rates(tier: tier, promptTokens: size.promptTokens)
        self.isBatch = isBatch
    }

    /// Whether the server caches what is marked alone.
    private var needsMarks: Bool { model.endpoint.wire == .anthropic }

    /// Tokens below which a prompt is not cached.
    private var shortest: Double { Double(model.shortestCachedPrompt ?? (needsMarks ? Self.shortestMarked : 0)) }

    /// Whether the service marks the prompt for the server's cache.
    ///
    /// A mark costs a quarter of the input price at Anthropic's rates, and saves nine tenths at the next call, so it is
    /// worth its price from a probability of 2 in 9 on. Agents, and chats that have gone on before, are above that.
    package var setsMarks: Bool {
        needsMarks && model.promptCache == .kept && cacheMarks == .open && !isBatch
            && rates[.cacheWrite5m] != nil && Double(size.promptTokens) >= shortest && isExpectedToGoOn
    }

    /// Whether the server keeps prompts of some length.
    private func keeps(_ prompt: Double) -> Bool {
        model.promptCache == .kept && prompt >= shortest
            && (!needsMarks || cacheMarks == .callers || setsMarks)
    }

    /// Tokens of a prompt that are read from the cache, of those that the cache may have.
    package func read(_ cached: Double) -> Double { keeps(cached) ? cached : 0 }

    /// Tokens of this step's prompt in the cache: what the model has read at the step before.
    package var cachedTokens: Double {
        model.id == previousModel ? read(Double(min(size.cachedTokens, size.promptTokens))) : 0
    }

    /// Whether a prompt is written to the cache at a price of its own.
    package func writes(_ prompt: Double) -> Bool { needsMarks && keeps(prompt) && rates[.cacheWrite5m] != nil }
}
