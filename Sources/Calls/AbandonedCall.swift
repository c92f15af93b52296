/// What becomes of a streamed call whose client has disconnected.
package enum AbandonedCall: String, CaseIterable, Hashable, Sendable {
    /// Read on for the server's count, or broken off where the rest is expected to cost more than that count is worth.
    case cheaper
    /// Read to its end, within `drain_s`.
    case read
    /// Broken off. The entry is an estimate from what had come.
    case stop
}

/// Weighs the rest of an abandoned answer against its server's count.
struct AbandonedAnswer {
    /// Tokens that have come.
    let written: Int
    /// Tokens of the whole answer as predicted, and its limit.
    let predicted: Double
    let most: Int
    let hasPromptCount: Bool
    let promptTokens: Int
    /// Prices in nano-USD a token.
    let inputPrice: Double
    let outputPrice: Double

    /// The part by which an estimate of four bytes a token is usually wrong.
    private static let error = 0.25

    /// Whether breaking off is expected to save more than the server's count is worth: the error of an estimate in its
    /// place. An answer that is longer than predicted is expected to go on for as long again.
    var isCheaperToStop: Bool {
        let whole = min(Double(most), max(predicted, 2 * Double(written)))
        let rest = max(0, whole - Double(written)) * outputPrice
        let known = Double(written) * outputPrice + (hasPromptCount ? 0 : Double(promptTokens) * inputPrice)
        return rest > Self.error * known
    }
}
