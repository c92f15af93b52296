/// What a llama.cpp server measured of one call (its `timings` object).
package struct ServerTimings: Hashable, Sendable {
    /// Prompt tokens that were computed, those from the cache not included.
    package let prefillTokens: Int
    package let prefillSeconds: Double
    package let decodeTokens: Int
    package let decodeSeconds: Double
    /// Prompt tokens taken from the server's cache; nil from servers that do not say.
    package let cachedTokens: Int?

    package init(
        prefillTokens: Int, prefillSeconds: Double, decodeTokens: Int, decodeSeconds: Double, cachedTokens: Int?
    ) {
        self.prefillTokens = prefillTokens
        self.prefillSeconds = prefillSeconds
        self.decodeTokens = decodeTokens
        self.decodeSeconds = decodeSeconds
        self.cachedTokens = cachedTokens
    }
}
