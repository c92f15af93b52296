#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How much of what a question asks for stands in which source: a lexical measure.
///
/// A question's words weigh `log((n + 1/2) / df)`, where df of the n sources have the word (inverse document frequency).
/// What some sources cover is the weight of the question's words in at least one of them, over the weight of those in any
/// source. So a second source with the same words adds nothing. A source without text has a weight of its own. Words
/// tell what a text is about and not whether it is true: the measure is a heuristic, and a client that knows better
/// gives `relevance`.
struct SourceRelevance: Sendable {
    struct Source: Sendable {
        let name: String
        let text: String
        /// False for images and the like.
        let isText: Bool
        /// The client's own figure, 0...1.
        let given: Double?
    }

    /// By word of the question: its weight, and the sources that have it as bits of a mask.
    private var words: [(weight: Double, holders: UInt64)] = []
    /// Weight of the question's words that no source has.
    private var unknown = 0.0
    private let count: Int

    /// The weight of an image of unknown relevance, in words that one source of two has.
    private static let imageRelevance = 0.5
    private static let shortest = 3
    /// Words are compared by their first letters, which joins most inflected forms.
    private static let stem = 6
    private static let stopWords: Set<String> = [
        "the", "and", "for", "are", "was", "were", "what", "which", "who", "whom", "whose", "when", "where", "why",
        "how", "does", "did", "has", "have", "had", "with", "from", "that", "this", "these", "those", "can", "could",
        "should", "would", "will", "into", "about", "your", "you", "please", "answer", "question", "many", "much",
        "not", "his", "her", "its", "their", "our", "one", "only",
    ]

    init(question: String, sources: [Source]) {
        count = sources.count
        let asked = Self.words(of: question)
        // A source's name counts as a word of it: "side-view" is asked for by "the side".
        let texts = sources.map { Self.words(of: $0.text).union(Self.words(of: $0.name)) }
        for word in asked.sorted() {
            let holders = sources.indices.filter { sources[$0].given == nil && texts[$0].contains(word) }
            if holders.isEmpty {
                unknown += 1
            } else {
                let mask = holders.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
                words.append((log((Double(count) + 0.5) / Double(holders.count)), mask))
            }
        }
        let whole = max(words.reduce(unknown) { $0 + $1.weight }, 1)
        for (index, source) in sources.enumerated() {
            if let given = source.given {
                words.append((given * whole, 1 << UInt64(index)))
            } else if !source.isText {
                words.append((Self.imageRelevance * whole / Double(count), 1 << UInt64(index)))
            }
        }
        // Where nothing tells sources apart, each is worth the same, so that none is left out for want of words.
        if words.isEmpty { words = sources.indices.map { (1, 1 << UInt64($0)) } }
    }

    private static func words(of text: String) -> Set<String> {
        var found: Set<String> = []
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber })
        where word.count >= shortest || word.allSatisfy(\.isNumber) {
            let whole = String(word)
            if !stopWords.contains(whole) { found.insert(String(whole.prefix(stem))) }
        }
        return found
    }

    /// The part of a model's quality that is expected to be left with some sources alone, 0...1.
    ///
    /// The part of the question that the sources speak of depends on them: 1 - dependence x (1 - coverage).
    ///
    /// - Parameter sent: bits are places of sources.
    func qualityShare(sending sent: UInt64) -> Double {
        let total = words.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return 1 }
        let covered = words.reduce(0) { $1.holders & sent != 0 ? $0 + $1.weight : $0 }
        let dependence = total / (total + unknown)
        return 1 - dependence * (1 - min(covered / total, 1))
    }

    /// Nested subsets: each adds the source of the greatest gain per unit of cost. Bits of masks are places of sources.
    func chain(costs: [Double]) -> [UInt64] {
        var masks: [UInt64] = [0]
        var sent: UInt64 = 0
        while masks.count <= costs.count {
            let now = qualityShare(sending: sent)
            let gains = costs.indices.filter { sent >> UInt64($0) & 1 == 0 }.map { place in
                (place: place, gain: (qualityShare(sending: sent | 1 << UInt64(place)) - now) / costs[place])
            }
            // Of equal gains the first source counts.
            guard let best = gains.max(by: { $0.gain == $1.gain ? $0.place > $1.place : $0.gain < $1.gain }) else {
                break
            }
            sent |= 1 << UInt64(best.place)
            masks.append(sent)
        }
        return masks
    }
}
