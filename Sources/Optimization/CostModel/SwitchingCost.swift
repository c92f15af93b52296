/// What moving a session to a model adds: the model has not cached the prefix, so all of it is billed at the fresh
/// price (and its cache write, where there is one) and prefilled again.
package struct SwitchingCost: Sendable, Hashable {
    /// Tokens of the prefix that the present model has cached.
    package var prefixTokens: Double
    /// Nano-USD a token: fresh input, cached input, and what writing the cache adds to fresh input.
    package var freshPrice: Double
    package var cachedPrice: Double
    package var cacheWriteSurcharge: Double
    /// Tokens a second and joules a token of prefill; 0 for no energy of ours.
    package var prefillTokensPerSecond: Double
    package var joulesPerPrefillToken: Double

    package init(
        prefixTokens: Double, freshPrice: Double, cachedPrice: Double, cacheWriteSurcharge: Double = 0,
        prefillTokensPerSecond: Double, joulesPerPrefillToken: Double = 0
    ) {
        self.prefixTokens = prefixTokens
        self.freshPrice = freshPrice
        self.cachedPrice = cachedPrice
        self.cacheWriteSurcharge = cacheWriteSurcharge
        self.prefillTokensPerSecond = prefillTokensPerSecond
        self.joulesPerPrefillToken = joulesPerPrefillToken
    }

    /// prefix x (fresh + write - cached), never below 0; prefix / prefill rate; prefix x joules. The cost is rounded
    /// once, to a whole nano-USD.
    package var added: AssignmentSwitch {
        let cost = prefixTokens * (freshPrice + cacheWriteSurcharge - cachedPrice)
        return AssignmentSwitch(
            cost: max(0, cost.rounded(.toNearestOrEven)), energy: prefixTokens * joulesPerPrefillToken,
            latency: prefillTokensPerSecond > 0 ? prefixTokens / prefillTokensPerSecond : 0)
    }
}
