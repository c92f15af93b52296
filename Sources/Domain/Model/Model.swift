/// A model of the catalog: names, placement, capabilities and prices.
///
/// Copies share one storage: a model is handed on many times in each call.
package struct Model: Hashable, Sendable {
    /// All that is known of it, which copies share.
    @usableFromInline
    struct Facts: Hashable, Sendable {
        @usableFromInline let id: ModelID
        @usableFromInline let provider: String
        @usableFromInline var aliases: [ModelID]
        @usableFromInline let endpoints: [ModelEndpoint]
        @usableFromInline let placement: Placement
        @usableFromInline let tier: QualityTier
        @usableFromInline let profile: ModelID?
        @usableFromInline let contextTokens: Int
        @usableFromInline let maxOutputTokens: Int
        @usableFromInline let capabilities: Set<Capability>
        @usableFromInline let images: ImageTokens?
        @usableFromInline let prices: [Price]
        @usableFromInline let energy: EnergyUse?
        @usableFromInline let amortisation: Amortisation?
        @usableFromInline let slots: Int?
        @usableFromInline let promptCache: PromptCache
        @usableFromInline let shortestCachedPrompt: Int?
        @usableFromInline let speed: Speed
        @usableFromInline let logProbabilities: LogProbabilities
        @usableFromInline let efforts: [EffortLevel]
        @usableFromInline var published: PublishedRecord?
    }

    @usableFromInline private(set) var storage: Shared<Facts>

    @inlinable package var id: ModelID { storage.value.id }
    /// The company or program that serves it: `openai`, `anthropic`, `llama.cpp`, ...
    @inlinable package var provider: String { storage.value.provider }
    /// Alternative names for callers, unique over the catalog.
    package var aliases: [ModelID] {
        get { storage.value.aliases }
        set { storage = storage.changing { $0.aliases = newValue } }
    }
    /// Where it is called. Never empty; all speak one dialect.
    @inlinable package var endpoints: [ModelEndpoint] { storage.value.endpoints }
    /// The first of its endpoints.
    @inlinable package var endpoint: Endpoint { storage.value.endpoints[0].endpoint }
    @inlinable package var placement: Placement { storage.value.placement }
    @inlinable package var tier: QualityTier { storage.value.tier }
    /// The trained profile that predicts this model; nil for the tier's prior.
    @inlinable package var profile: ModelID? { storage.value.profile }
    /// Most tokens of prompt and answer together.
    @inlinable package var contextTokens: Int { storage.value.contextTokens }
    /// Most tokens of one answer.
    @inlinable package var maxOutputTokens: Int { storage.value.maxOutputTokens }
    @inlinable package var capabilities: Set<Capability> { storage.value.capabilities }
    /// Tokens billed for an image; nil if unknown.
    @inlinable package var images: ImageTokens? { storage.value.images }
    /// Prices by validity, in the order of the file. Never empty.
    @inlinable package var prices: [Price] { storage.value.prices }
    /// Only for models on the operator's hardware.
    @inlinable package var energy: EnergyUse? { storage.value.energy }
    @inlinable package var amortisation: Amortisation? { storage.value.amortisation }
    /// Concurrent calls that the server accepts; nil for a provider without such a limit.
    @inlinable package var slots: Int? { storage.value.slots }
    @inlinable package var promptCache: PromptCache { storage.value.promptCache }
    /// Tokens below which the server caches no prompt; nil where that is not known.
    @inlinable package var shortestCachedPrompt: Int? { storage.value.shortestCachedPrompt }
    @inlinable package var speed: Speed { storage.value.speed }
    /// Whether the server gives log-probabilities for nothing.
    @inlinable package var logProbabilities: LogProbabilities { storage.value.logProbabilities }
    /// The levels of effort that it can be asked for, the least first; empty for a model without such a setting.
    @inlinable package var efforts: [EffortLevel] { storage.value.efforts }
    /// Published scores and lengths; nil where nothing is known.
    package var published: PublishedRecord? {
        get { storage.value.published }
        set { storage = storage.changing { $0.published = newValue } }
    }

    package init(
        id: ModelID, provider: String, aliases: [ModelID] = [], endpoint: Endpoint, placement: Placement,
        tier: QualityTier, profile: ModelID? = nil, contextTokens: Int, maxOutputTokens: Int,
        capabilities: Set<Capability>, images: ImageTokens? = nil, prices: [Price], energy: EnergyUse? = nil,
        amortisation: Amortisation? = nil, slots: Int? = nil, promptCache: PromptCache = .kept, speed: Speed,
        logProbabilities: LogProbabilities? = nil, efforts: [EffortLevel] = [], published: PublishedRecord? = nil
    ) {
        self.init(
            id: id, provider: provider, aliases: aliases, endpoints: [ModelEndpoint(endpoint)], placement: placement,
            tier: tier, profile: profile, contextTokens: contextTokens, maxOutputTokens: maxOutputTokens,
            capabilities: capabilities, images: images, prices: prices, energy: energy, amortisation: amortisation,
            slots: slots, promptCache: promptCache, speed: speed, logProbabilities: logProbabilities,
            efforts: efforts, published: published)
    }

    /// - Parameter endpoints: at least one, all in one dialect.
    package init(
        id: ModelID, provider: String, aliases: [ModelID] = [], endpoints: [ModelEndpoint], placement: Placement,
        tier: QualityTier, profile: ModelID? = nil, contextTokens: Int, maxOutputTokens: Int,
        capabilities: Set<Capability>, images: ImageTokens? = nil, prices: [Price], energy: EnergyUse? = nil,
        amortisation: Amortisation? = nil, slots: Int? = nil, promptCache: PromptCache = .kept, speed: Speed,
        logProbabilities: LogProbabilities? = nil, efforts: [EffortLevel] = [], published: PublishedRecord? = nil,
        shortestCachedPrompt: Int? = nil
    ) {
        // llama.cpp, vLLM, Ollama and LM Studio give them; providers refuse them for many of their models.
        let isOwnServer = placement == .edge && endpoints[0].endpoint.wire == .openAI
        storage = Shared(
            Facts(
                id: id, provider: provider, aliases: aliases, endpoints: endpoints, placement: placement, tier: tier,
                profile: profile, contextTokens: contextTokens, maxOutputTokens: maxOutputTokens,
                capabilities: capabilities, images: images, prices: prices, energy: energy,
                amortisation: amortisation, slots: slots ?? Self.slots(of: endpoints), promptCache: promptCache,
                shortestCachedPrompt: shortestCachedPrompt, speed: speed,
                logProbabilities: logProbabilities ?? (isOwnServer ? .free : .none), efforts: efforts,
                published: published))
    }

    /// Calls at a time of all endpoints together; nil where one has no limit.
    private static func slots(of endpoints: [ModelEndpoint]) -> Int? {
        let limits = endpoints.compactMap(\.concurrency)
        return limits.count == endpoints.count ? limits.reduce(0, +) : nil
    }

    /// Whether all facts are equal. Copies of one model need no look at them.
    package static func == (left: Model, right: Model) -> Bool {
        left.storage === right.storage || left.storage.value == right.storage.value
    }

    /// Ids are unique in a catalog.
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }

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
