/// A way of being served, each with its own prices.
package enum ServiceTier: String, CaseIterable, Hashable, Sendable {
    case standard, batch, flex, priority
}

/// Rates for prompts longer than a number of tokens.
package struct ContextTier: Hashable, Sendable {
    /// The tier holds for prompts of more tokens than this.
    package let aboveTokens: Int
    package let rates: Rates

    package init(aboveTokens: Int, rates: Rates) {
        self.aboveTokens = aboveTokens
        self.rates = rates
    }
}

/// What a model costs during a span of days, and who says so.
package struct Price: Hashable, Sendable {
    /// Rates by service tier; `standard` is always there.
    package let tiers: [ServiceTier: Rates]
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
        self.tiers = tiers
        self.contextTiers = contextTiers.sorted { $0.aboveTokens < $1.aboveTokens }
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.source = source
        self.asOf = asOf
    }

    /// Whether the price holds on a day.
    package func isValid(on day: CalendarDay) -> Bool {
        (validFrom.map { $0 <= day } ?? true) && (validUntil.map { day <= $0 } ?? true)
    }

    /// The rates of a call: the service tier's, overlaid by the highest context tier that the prompt reaches.
    ///
    /// A tier without rates of its own is billed as standard.
    package func rates(tier: ServiceTier = .standard, promptTokens: Int) -> Rates {
        var rates = tiers[tier] ?? tiers[.standard] ?? Rates([:])
        guard let context = contextTiers.last(where: { promptTokens > $0.aboveTokens }) else { return rates }
        rates.prices.merge(context.rates.prices) { _, higher in higher }
        return rates
    }

    /// The exact cost of a call on this price.
    package func cost(of usage: Usage, tier: ServiceTier = .standard) throws(PriceError) -> Money {
        try rates(tier: tier, promptTokens: usage.promptTokens).cost(of: usage)
    }
}
