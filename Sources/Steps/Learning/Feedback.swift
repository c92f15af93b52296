import Calls
import Domain
package import JSON
package import Ledger

/// A caller's score of an answer.
package struct Feedback: Hashable, Sendable {
    package var target: QualityTarget
    /// 0...1.
    package var score: Double
    package var comment: String?

    /// Longest accepted comment.
    package static let mostCommentBytes = 4000

    /// Reads `{"decision" | "step" | "job": id, "score": 0...1, "comment"?}`.
    package init(json: JSONValue) throws(FieldError) {
        let fields = try FieldReader(json, path: "", known: ["decision", "step", "job", "score", "comment"])
        var targets: [QualityTarget] = []
        if let id = try fields.string("decision") { targets.append(.decision(id)) }
        if let id = try fields.string("step") { targets.append(.step(id)) }
        if let id = try fields.string("job") { targets.append(.job(id)) }
        guard targets.count == 1, let target = targets.first else {
            throw FieldError(
                "",
                "name what the score is about: one of \"decision\" (the header x-hera-decision), \"step\" or \"job\"")
        }
        guard (1...200).contains(target.id.utf8.count) else {
            throw FieldError(target.kind, "must be an id of 1 to 200 bytes")
        }
        guard let score = try fields.number("score", in: 0...1) else {
            throw FieldError("score", "is missing: a number from 0 (useless) to 1 (right)")
        }
        let comment = try fields.string("comment")
        guard (comment?.utf8.count ?? 0) <= Self.mostCommentBytes else {
            throw FieldError("comment", "must not be longer than \(Self.mostCommentBytes) bytes")
        }
        self.target = target
        self.score = score
        self.comment = comment
    }
}

extension StepService {
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
