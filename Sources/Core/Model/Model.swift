/// A model of the catalog: what it is called, where it runs, what it can do and what it costs.
package struct Model: Hashable, Sendable {
    package let id: ModelID
    /// The company or program that serves it: `openai`, `anthropic`, `llama.cpp`, ...
    package let provider: String
    /// Other names that callers may use; unique over the catalog.
    package let aliases: [ModelID]
    package let endpoint: Endpoint
    package let placement: Placement
    package let tier: QualityTier
    /// The trained profile that predicts this model, or nil for the tier's prior.
    package let profile: ModelID?
    /// Most tokens of prompt and answer together.
    package let contextTokens: Int
    /// Most tokens of one answer.
    package let maxOutputTokens: Int
    package let capabilities: Set<Capability>
    /// What it bills for an image; nil where that is not known.
    package let images: ImageTokens?
    /// Prices by validity, in the order of the file. Never empty.
    package let prices: [Price]
    /// Only for models on the operator's hardware.
    package let energy: EnergyUse?
    package let amortisation: Amortisation?
    /// Calls that the server answers at the same time; nil where the provider sets no such limit.
    package let slots: Int?
    package let promptCache: PromptCache
    package let speed: Speed

    package init(
        id: ModelID, provider: String, aliases: [ModelID] = [], endpoint: Endpoint, placement: Placement,
        tier: QualityTier, profile: ModelID? = nil, contextTokens: Int, maxOutputTokens: Int,
        capabilities: Set<Capability>, images: ImageTokens? = nil, prices: [Price], energy: EnergyUse? = nil,
        amortisation: Amortisation? = nil, slots: Int? = nil, promptCache: PromptCache = .kept, speed: Speed
    ) {
        self.id = id
        self.provider = provider
        self.aliases = aliases
        self.endpoint = endpoint
        self.placement = placement
        self.tier = tier
        self.profile = profile
        self.contextTokens = contextTokens
        self.maxOutputTokens = maxOutputTokens
        self.capabilities = capabilities
        self.images = images
        self.prices = prices
        self.energy = energy
        self.amortisation = amortisation
        self.slots = slots
        self.promptCache = promptCache
        self.speed = speed
    }

    /// The price that holds on a day; the last one named wins where two overlap.
    package func price(on day: CalendarDay) throws(PriceError) -> Price {
        guard let price = prices.last(where: { $0.isValid(on: day) }) else { throw .notValid(on: day) }
        return price
    }
}
