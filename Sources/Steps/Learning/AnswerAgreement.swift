package import Dialects
import Domain
import Estimation
import JSON
import Upstream

/// Agreement of an answer with the reference's, 0...1.
///
/// Tool calls agree with the same tools and equal arguments (0.5 for other arguments). Texts agree with the same final
/// answer (`ComparedAnswer`). Without a marked or short one in both, the cosine of hashed n-grams must exceed 0.7,
/// HERA's similarity threshold.
package enum AnswerAgreement {
    /// HERA's similarity threshold.
    package static let similar = 0.7

    package static func score(_ answer: ChatAnswer, reference: ChatAnswer) -> Double {
        if !answer.toolCalls.isEmpty || !reference.toolCalls.isEmpty {
            return score(answer.toolCalls, reference: reference.toolCalls)
        }
        return score(answer.text, reference: reference.text)
    }

    package static func score(_ text: String, reference: String) -> Double {
        if text == reference { return 1 }
        if let agrees = ComparedAnswer(text).agrees(with: ComparedAnswer(reference)) { return agrees ? 1 : 0 }
        return cosine(text, reference) > similar ? 1 : 0
    }

    /// Cosine of hashed word and character n-gram counts.
    package static func cosine(_ left: String, _ right: String) -> Double {
        let left = counts(left)
        let right = counts(right)
        let product = left.reduce(0.0) { $0 + $1.value * (right[$1.key] ?? 0) }
        let norms = left.values.reduce(0) { $0 + $1 * $1 } * right.values.reduce(0) { $0 + $1 * $1 }
        return norms > 0 ? product / norms.squareRoot() : 0
    }

    private static func counts(_ text: String) -> [UInt32: Double] {
        let grams = NGrams(of: [text])
        var counts: [UInt32: Double] = [:]
        for gram in grams.characters + grams.words { counts[gram, default: 0] += 1 }
        return counts
    }

    private static func score(_ calls: [ToolCall], reference: [ToolCall]) -> Double {
        guard calls.count == reference.count else { return 0 }
        let pairs = zip(calls.sorted { $0.name < $1.name }, reference.sorted { $0.name < $1.name })
        guard pairs.allSatisfy({ $0.name == $1.name }) else { return 0 }
        let areEqual = pairs.allSatisfy { call, other in
            guard let left = try? JSONDocument(Array(call.arguments.utf8)).root,
                let right = try? JSONDocument(Array(other.arguments.utf8)).root
            else { return call.arguments == other.arguments }
            return left.isSame(as: right)
        }
        return areEqual ? 1 : 0.5
    }
}
