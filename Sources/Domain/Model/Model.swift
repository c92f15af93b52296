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

/// The name of a model in the catalog, for example `openai/gpt-4.1-mini` or `local/smollm2-135m`.
package struct ModelID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static func < (left: ModelID, right: ModelID) -> Bool { left.rawValue < right.rawValue }
}

/// Tokens that a model bills for an image, however large the image is.
package struct ImageTokens: Hashable, Sendable {
    /// No image is billed more.
    package let most: Int
    /// Who says so, or how it was derived.
    package let source: String

    package init(most: Int, source: String) {
        self.most = most
        self.source = source
    }

    /// What an image is expected to be billed: two thirds of the most. A square one of 1,024 pixels comes to 53 % with
    /// GPT-4o, 67 % with GPT-4.1 mini and 87 % with Claude 4.6 by the rules that their catalog entries name.
    package var likely: Int { max(most * 2 / 3, 1) }

    /// For models that say nothing of it: above the dearest way of counting that is known (GPT-4o mini's 48,169).
    package static let mostWhereUnknown = 50_000
    package static let likelyWhereUnknown = 1000
}
