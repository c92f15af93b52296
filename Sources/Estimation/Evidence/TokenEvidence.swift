package import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the probabilities of an answer's tokens tell of it.
package struct TokenEvidence: Hashable, Sendable {
    /// Mean logarithm of the tokens' probabilities.
    package let mean: Double
    /// The least one.
    package let least: Double
    /// The mean over the last tokens, where most answers have their result.
    package let ending: Double
    /// The mean entropy in nats where something is decided: at names of tools, numbers and letters of choices. Nil where
    /// nothing is, or the server named no alternatives.
    package let decisionEntropy: Double?

    /// Why probabilities are not believed.
    package enum Fault: String, Error, Sendable {
        case notNumbers = "they are no logarithms of probabilities"
        case allCertain = "every token is said to be certain"
        case tooFew = "there are too few of them for the answer"
    }

    /// Tokens of the last span.
    static let endingTokens = 8
    /// Answers of fewer tokens may be certain from the first token to the last.
    private static let leastUncertain = 12
    /// Least share of the expected number of tokens.
    private static let leastShare = 0.25
    /// Logarithms below this say "practically never"; OpenAI writes -9999.
    private static let floor = -20.0

    /// - Parameters:
    ///   - tokens: of the whole answer, in order.
    ///   - written: tokens that the answer has by an estimate from its bytes.
    package init(_ tokens: [TokenProbability], written: Int) throws(Fault) {
        guard !tokens.isEmpty, Double(tokens.count) >= Self.leastShare * Double(written) else { throw .tooFew }
        guard tokens.allSatisfy({ $0.logarithm.isFinite && $0.logarithm < 0.001 }) else { throw .notNumbers }
        if tokens.count >= Self.leastUncertain, tokens.allSatisfy({ $0.logarithm > -1e-9 }) { throw .allCertain }
        let logarithms = tokens.map { max($0.logarithm, Self.floor) }
        mean = logarithms.reduce(0, +) / Double(logarithms.count)
        least = logarithms.min() ?? 0
        let last = logarithms.suffix(Self.endingTokens)
        ending = last.reduce(0, +) / Double(last.count)
        let entropies = Self.decisions(tokens).compactMap { Self.entropy(tokens[$0]) }
        decisionEntropy = entropies.isEmpty ? nil : entropies.reduce(0, +) / Double(entropies.count)
    }

    /// Places of tokens that decide: with a digit, one capital letter alone, or the name of a tool that is called.
    private static func decisions(_ tokens: [TokenProbability]) -> [Int] {
        var places: [Int] = []
        // The last eight bytes that are not blank.
        var before: UInt64 = 0
        for (index, token) in tokens.enumerated() {
            let isName = before == Self.nameMark
            var hasDigit = false
            var count = 0
            var last: UInt8 = 0
            for byte in token.token.utf8 where byte > 0x20 {
                if byte >= 0x30, byte <= 0x39 { hasDigit = true }
                count += 1
                last = byte
                before = before << 8 | UInt64(byte)
            }
            let isChoice = count == 1 && last >= 0x41 && last <= 0x5A
            if hasDigit || isChoice || isName { places.append(index) }
        }
        return places
    }

    /// What stands before a tool's name in a call: `"name":"`, eight bytes.
    private static let nameMark = "\"name\":\"".utf8.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }

    /// The entropy over the likeliest tokens, with all others as one; nil without alternatives.
    private static func entropy(_ token: TokenProbability) -> Double? {
        guard !token.alternatives.isEmpty else { return nil }
        let known = token.alternatives.filter(\.isFinite).map { exp(min($0, 0)) }
        let rest = max(1 - known.reduce(0, +), 0)
        return (known + [rest]).reduce(0) { $0 - ($1 > 1e-9 ? $1 * log($1) : 0) }
    }
}
