/// A way of being served, each with its own prices.
package enum ServiceTier: String, CaseIterable, Hashable, Sendable {
    case standard, batch, flex, priority

    /// Place in a table by tier, in the order of the cases.
    fileprivate var index: Int {
        switch self {
        case .standard: 0
        case .batch: 1
        case .flex: 2
        case .priority: 3
        }
    }
}

/// Rates for prompts longer than a number of tokens, of one service tier.
package struct ContextTier: Hashable, Sendable {
    /// The way of being served that the rates belong to.
    package let tier: ServiceTier
    /// The tier holds for prompts of more tokens than this.
    package let aboveTokens: Int
    package let rates: Rates

    package init(tier: ServiceTier = .standard, aboveTokens: Int, rates: Rates) {
        self.tier = tier
        self.aboveTokens = aboveTokens
        self.rates = rates
    }
}

/// What a model costs during a span of days, and who says so.
package struct Price: Hashable, Sendable {
    /// By `ServiceTier.index`.
    private let table: [Rates?]
    /// Rising by `aboveTokens`; they replace the standard rates of the classes they name.
    package let contextTiers: [ContextTier]
    /// First day that the price holds, or nil for always before.
    package let validFrom: CalendarDay?
    /// Last day that the price holds, or nil for no known end.
    package let validUntil: CalendarDay?
    /// Where the figures come from (a page or a price list).
    package let source: String
    /// The day on which the source was read.
    package let asOf: CalendarDay

    package init(
        tiers: [ServiceTier: Rates], contextTiers: [ContextTier] = [], validFrom: CalendarDay? = nil,
        validUntil: CalendarDay? = nil, source: String, asOf: CalendarDay
    ) {
        table = ServiceTier.allCases.map { tiers[$0] }
        self.contextTiers = contextTiers.sorted { $0.aboveTokens < $1.aboveTokens }
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.source = source
        self.asOf = asOf
    }

    /// Rates by service tier; `standard` is always there.
    package var tiers: [ServiceTier: Rates] {
        Dictionary(uniqueKeysWithValues: ServiceTier.allCases.compactMap { tier in self[tier].map { (tier, $0) } })
    }

    /// The rates of a service tier; nil where it has none of its own.
    package subscript(tier: ServiceTier) -> Rates? { table[tier.index] }

    /// Whether the price holds on a day.
    package func isValid(on day: CalendarDay) -> Bool {
        (validFrom.map { $0 <= day } ?? true) && (validUntil.map { day <= $0 } ?? true)
    }

    /// The rates of a call: the service tier's, overlaid by its highest context tier that the prompt reaches.
    ///
    /// A tier without rates of its own is billed as standard. One that has rates and no context tiers is billed, class
    /// by class, at the dearer of its own rate and the standard context tier's: never less than the provider may ask.
    package func rates(tier: ServiceTier = .standard, promptTokens: Int) -> Rates {
        let own = self[tier]
        let named = own == nil ? .standard : tier
        let rates = own ?? self[.standard] ?? Rates([:])
        if contextTiers.isEmpty { return rates }
        if let higher = contextTier(named, promptTokens: promptTokens) {
            return rates.merging(higher.rates) { _, higher in higher }
        }
        if let standard = contextTier(.standard, promptTokens: promptTokens) {
            return rates.merging(standard.rates) { max($0, $1) }
        }
        return rates
    }

    private func contextTier(_ tier: ServiceTier, promptTokens: Int) -> ContextTier? {
        contextTiers.last { $0.tier == tier && promptTokens > $0.aboveTokens }
    }

    /// The cheapest of some service tiers for a call, among those that the price has rates for; the standard one where
    /// there is none.
    package func cheapestTier(of admitted: [ServiceTier], for usage: Usage) -> ServiceTier {
        let able = admitted.filter { self[$0] != nil }
        let costs = able.compactMap { tier in (try? cost(of: usage, tier: tier)).map { (tier, $0) } }
        return costs.min { $0.1 < $1.1 }?.0 ?? able.first ?? .standard
    }

    /// The exact cost of a call on this price.
    package func cost(of usage: Usage, tier: ServiceTier = .standard) throws(PriceError) -> Money {
        try rates(tier: tier, promptTokens: usage.promptTokens).cost(of: usage)
    }
}
