/// How alike two texts are by their words, for predictors that write text.
///
/// Cosine of the counts of words and of pairs of neighbouring words, lower case. A stand-in for the sentence embeddings
/// of the paper where predictions come as text.
enum WordCosine {
    static func cosine(_ a: String, _ b: String) -> Double {
        let (a, b) = (counts(a), counts(b))
        let dot = a.reduce(0.0) { $0 + $1.value * (b[$1.key] ?? 0) }
        let lengths = norm(a) * norm(b)
        return lengths > 0 ? dot / lengths : 0
    }

    private static func counts(_ text: String) -> [String: Double] {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        var counts: [String: Double] = [:]
        for word in words { counts[word, default: 0] += 1 }
        for (first, second) in zip(words, words.dropFirst()) { counts["\(first) \(second)", default: 0] += 1 }
        return counts
    }

    private static func norm(_ counts: [String: Double]) -> Double {
        counts.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}
