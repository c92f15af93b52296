/// A provider's service tier; each has its own prices.
package enum ServiceTier: String, CaseIterable, Hashable, Sendable {
    case standard, batch, flex, priority

    /// Index into a table by tier, in the order of the cases.
    fileprivate var index: Int {
        switch self {
        case .standard: 0
        case .batch: 1
        case .flex: 2
        case .priority: 3
        }
    }
}

/// Rates of one service tier for prompts longer than a number of tokens.
package struct ContextTier: Hashable, Sendable {
    /// The service tier that the rates belong to.
    package let tier: ServiceTier
    /// The tier applies to prompts of more tokens than this.
    package let aboveTokens: Int
    package let rates: Rates

    package init(tier: ServiceTier = .standard, aboveTokens: Int, rates: Rates) {
        self.tier = tier
        self.aboveTokens = aboveTokens
        self.rates = rates
    }
}

/// A model's prices during a span of days, and their source.
package struct Price: Hashable, Sendable {
    /// By `ServiceTier.index`.
    private let table: [Rates?]
    /// Ascending by `aboveTokens`. They replace the standard rates of the classes they name.
    package let contextTiers: [ContextTier]
    /// First day of validity; nil for no start.
    package let validFrom: CalendarDay?
    /// Last day of validity; nil for no known end.
    package let validUntil: CalendarDay?
    /// Source of the figures (a page or a price list).
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

    /// Rates by service tier; `standard` is always present.
    package var tiers: [ServiceTier: Rates] {
        Dictionary(uniqueKeysWithValues: ServiceTier.allCases.compactMap { tier in self[tier].map { (tier, $0) } })
    }

    /// The rates of a service tier; nil if it has none of its own.
    package subscript(tier: ServiceTier) -> Rates? { table[tier.index] }

    /// Whether the price applies on a day.
    package func isValid(on day: CalendarDay) -> Bool {
        (validFrom.map { $0 <= day } ?? true) && (validUntil.map { day <= $0 } ?? true)
    }

    /// The rates of a call: the service tier's, overlaid by its highest context tier that the prompt reaches.
    ///
    /// A tier without rates of its own is billed as standard. A tier with rates but without context tiers is billed,
    /// class by class, at the higher of its own rate and the standard context tier's. So the estimate is never below
    /// the provider's bill.
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

    /// The cheapest of some service tiers for a call, among those with rates; standard if there is none.
    package func cheapestTier(of admitted: [ServiceTier], for usage: Usage) -> ServiceTier {
        let able = admitted.filter { self[$0] != nil }
        let costs = able.compactMap { tier in (try? cost(of: usage, tier: tier)).map { (tier, $0) } }
        return costs.min { $0.1 < $1.1 }?.0 ?? able.first ?? .standard
    }

    /// The exact cost of a call at this price.
    package func cost(of usage: Usage, tier: ServiceTier = .standard) throws(PriceError) -> Money {
        try rates(tier: tier, promptTokens: usage.promptTokens).cost(of: usage)
    }
}
