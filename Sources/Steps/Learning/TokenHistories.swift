import Domain
import Estimation
import Synchronization

/// The usual token probabilities of all models, learned from their answers. Empty after a restart.
package final class TokenHistories: Sendable {
    private static let mostModels = 4096
    private let known = Mutex<[ModelID: TokenHistory]>([:])

    package init() {}

    /// Adds what an answer's token probabilities tell to its evidence, and learns from them.
    func add(_ tokens: [TokenProbability], written: Int, of model: ModelID, to evidence: inout AnswerEvidence) {
        evidence = known.withLock { known in
            var evidence = evidence
            if known[model] == nil, known.count >= Self.mostModels { known.removeAll() }
            evidence.add(tokens, written: written, history: &known[model, default: TokenHistory()])
            return evidence
        }
    }
}
