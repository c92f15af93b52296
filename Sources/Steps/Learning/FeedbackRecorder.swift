import Calls
import Domain
package import Ledger

/// Stores callers' scores of decisions, steps and jobs as observations of quality.
package struct FeedbackRecorder: Sendable {
    private let ledger: LedgerStore
    private let learning: Learning

    package init(ledger: LedgerStore, learning: Learning) {
        self.ledger = ledger
        self.learning = learning
    }

    /// Stores a score of a decision, step or job. A second score by the same caller replaces the first.
    ///
    /// - Returns: whether it is the first.
    /// - Throws: `.notFound` for an unknown target or another key's; `.conflict` for an unfinished job.
    package func record(_ feedback: Feedback, from caller: Caller) async throws -> Bool {
        let scored = try await scoredWork(feedback.target, by: caller)
        let candidate = scored.decision.flatMap { decision in scored.model.flatMap { decision.prediction(of: $0) } }
        return try await learning.observe(
            QualityObservation(
                id: Identifier.make("obs"), source: .feedback, caller: caller.key ?? "", target: feedback.target,
                decisionID: scored.decision?.id, runID: scored.runID, model: scored.model,
                reference: nil, policy: scored.policy, predictedQuality: candidate?.prediction.quality,
                predictedSimilarity: candidate?.similarity, score: feedback.score, comment: feedback.comment,
                at: .now()),
            share: nil)
    }

    /// The run, decision and model behind a target.
    private struct ScoredWork {
        var runID: String
        var decision: Decision?
        /// Nil where several models contributed.
        var model: ModelID?
        var policy: String
    }

    private func scoredWork(_ target: QualityTarget, by caller: Caller) async throws -> ScoredWork {
        let found: ScoredWork?
        found =
            switch target {
            case .decision(let id): try await scoredWork(decision: id, model: nil, by: caller)
            case .step(let id): try await scoredWork(step: id, by: caller)
            case .job(let id): try await scoredWork(job: id, by: caller)
            }
        guard let found else { throw ServiceError.notFound(kind: target.kind, id: target.id) }
        if case .job(let id) = target {
            guard let status = try? await ledger.read({ try $0.job(id) })?.status, status.isFinal else {
                throw ServiceError.conflict("job \(id) has not ended: score it when it has, or score its steps")
            }
        }
        return found
    }

    private func scoredWork(decision id: String, model: ModelID?, by caller: Caller) async throws
        -> ScoredWork?
    {
        guard let record = try await ledger.read({ try $0.decision(id) }), caller.sees(record.attribution) else {
            return nil
        }
        let decision = record.decision
        let accepted = decision.attempts.last(where: \.isAccepted)
        let entry: LedgerEntry? =
            if let id = accepted?.entryID { try await ledger.read { try $0.entry(id) } } else { nil }
        return ScoredWork(
            runID: decision.runID, decision: decision, model: model ?? accepted?.model ?? decision.model,
            policy: entry?.call.policy ?? "")
    }

    private func scoredWork(step id: String, by caller: Caller) async throws -> ScoredWork? {
        guard let step = try await ledger.read({ try $0.step(id) }), let decision = step.decisionID else { return nil }
        return try await scoredWork(decision: decision, model: step.model, by: caller)
    }

    private func scoredWork(job id: String, by caller: Caller) async throws -> ScoredWork? {
        guard let job = try await ledger.read({ try $0.job(id) }), caller.sees(job.attribution) else { return nil }
        let entries = try await ledger.read { try $0.entries(ofRun: id) }
        let models = Set(try await ledger.read { try $0.steps(ofRun: id) }.compactMap(\.model))
        return ScoredWork(
            runID: id, decision: nil, model: models.count == 1 ? models.first : nil,
            policy: entries.first?.call.policy ?? "")
    }
}
