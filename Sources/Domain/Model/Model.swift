/// A model of the catalog: names, placement, capabilities and prices.
package struct Model: Hashable, Sendable {
    package let id: ModelID
    /// The company or program that serves it: `openai`, `anthropic`, `llama.cpp`, ...
    package let provider: String
    /// Alternative names for callers, unique over the catalog.
    package var aliases: [ModelID]
    package let endpoint: Endpoint
    package let placement: Placement
    package let tier: QualityTier
    /// The trained profile that predicts this model; nil for the tier's prior.
    package let profile: ModelID?
    /// Most tokens of prompt and answer together.
    package let contextTokens: Int
    /// Most tokens of one answer.
    package let maxOutputTokens: Int
    package let capabilities: Set<Capability>
    /// Tokens billed for an image; nil if unknown.
    package let images: ImageTokens?
    /// Prices by validity, in the order of the file. Never empty.
    package let prices: [Price]
    /// Only for models on the operator's hardware.
    package let energy: EnergyUse?
    package let amortisation: Amortisation?
    /// Concurrent calls that the server accepts; nil for a provider without such a limit.
    package let slots: Int?
    package let promptCache: PromptCache
    package let speed: Speed
    /// Whether the server gives log-probabilities for nothing.
    package let logProbabilities: LogProbabilities
    /// Published scores and lengths; nil where nothing is known.
    package var published: PublishedRecord?

    package init(
        id: ModelID, provider: String, aliases: [ModelID] = [], endpoint: Endpoint, placement: Placement,
        tier: QualityTier, profile: ModelID? = nil, contextTokens: Int, maxOutputTokens: Int,
        capabilities: Set<Capability>, images: ImageTokens? = nil, prices: [Price], energy: EnergyUse? = nil,
        amortisation: Amortisation? = nil, slots: Int? = nil, promptCache: PromptCache = .kept, speed: Speed,
        logProbabilities: LogProbabilities? = nil, published: PublishedRecord? = nil
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
        // llama.cpp, vLLM, Ollama and LM Studio give them; providers refuse them for many of their models.
        let isOwnServer = placement == .edge && endpoint.wire == .openAI
        self.logProbabilities = logProbabilities ?? (isOwnServer ? .free : .none)
        self.published = published
    }

    /// The price on a day. The last one listed wins if two overlap.
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

/// Tokens billed for an image of any size.
package struct ImageTokens: Hashable, Sendable {
    /// Upper bound per image.
    package let most: Int
    /// Source or derivation of the figure.
    package let source: String

    package init(most: Int, source: String) {
        self.most = most
        self.source = source
    }

    /// Expected tokens per image: two thirds of the upper bound. A square image of 1,024 pixels comes to 53 % with
    /// GPT-4o, 67 % with GPT-4.1 mini and 87 % with Claude 4.6, by the rules that their catalog entries name.
    package var likely: Int { max(most * 2 / 3, 1) }

    /// For models without a figure: above the most expensive known rule (GPT-4o mini's 48,169).
    package static let mostWhereUnknown = 50_000
    package static let likelyWhereUnknown = 1000
}

/// The dialect that a server speaks.
package enum WireFormat: String, CaseIterable, Hashable, Sendable {
    case openAI = "openai"
    case anthropic
}

/// Where and how a model is called. It names its secret and never holds it.
package struct Endpoint: Hashable, Sendable {
    /// Scheme, host, port and path up to the version: `https://api.openai.com/v1`.
    package let baseURL: String
    package let wire: WireFormat
    /// The server's name for the model.
    package let modelName: String
    /// The environment variable with the key; nil for a server without authentication.
    package let keyVariable: String?
    /// The provider's batch API, or nil.
    package let batches: BatchInterface?

    package init(
        baseURL: String, wire: WireFormat, modelName: String, keyVariable: String?, batches: BatchInterface? = nil
    ) {
        self.baseURL = baseURL
        self.wire = wire
        self.modelName = modelName
        self.keyVariable = keyVariable
        self.batches = batches
    }
}

/// A provider's batch API: many calls at once, answered within a day, at a lower price.
package enum BatchInterface: String, CaseIterable, Hashable, Sendable {
    /// `POST /files` and `POST /batches`, as at OpenAI.
    case openAI = "openai"
    /// `POST /messages/batches`, as at Anthropic.
    case anthropic
}
