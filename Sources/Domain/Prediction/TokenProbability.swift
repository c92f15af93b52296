/// A token of an answer with its probability, as its server reports it.
package struct TokenProbability: Hashable, Sendable {
    /// The token's text.
    package var token: String
    /// Natural logarithm of the token's probability; not a number where the server gave none.
    package var logarithm: Double
    /// Logarithms of the likeliest tokens at this place, usually with the written one among them.
    package var alternatives: [Double]

    package init(token: String, logarithm: Double, alternatives: [Double] = []) {
        self.token = token
        self.logarithm = logarithm
        self.alternatives = alternatives
    }
}

/// Whether a model's server gives log-probabilities of the tokens that it writes.
package enum LogProbabilities: String, CaseIterable, Hashable, Sendable {
    /// On request, without a charge.
    case free
    /// Not, or not without a charge.
    case none
}
