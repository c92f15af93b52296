package import Domain

/// The source of a quality score.
package enum QualitySource: String, CaseIterable, Hashable, Sendable {
    /// A copy of the step was sent to the reference, and the two answers were compared.
    case audit
    /// A caller's own score.
    case feedback
}

/// The subject of a score.
package enum QualityTarget: Hashable, Sendable {
    case decision(String)
    case step(String)
    case job(String)

    package var kind: String {
        switch self {
        case .decision: "decision"
        case .step: "step"
        case .job: "job"
        }
    }

    package var id: String {
        switch self {
        case .decision(let id), .step(let id), .job(let id): id
        }
    }

    init?(kind: String, id: String) {
        switch kind {
        case "decision": self = .decision(id)
        case "step": self = .step(id)
        case "job": self = .job(id)
        default: return nil
        }
    }
}

/// A measured quality with the predicted one.
///
/// Unique by source, caller and target: a second one replaces score and comment.
package struct QualityObservation: Hashable, Sendable {
    /// Made by the caller of the ledger.
    package var id: String
    package var source: QualitySource
    /// The key that gave it; empty for the operator and for audits.
    package var caller: String
    package var target: QualityTarget
    package var decisionID: String?
    package var runID: String
    /// The model that answered; nil where several did (a job).
    package var model: ModelID?
    package var reference: ModelID?
    /// The name of the policy; empty for the default one.
    package var policy: String
    /// Predictions before the call, 0...1: the quality, and the similarity to the reference's answer.
    package var predictedQuality: Double?
    package var predictedSimilarity: Double?
    /// 0...1. Kept to the millionth.
    package var score: Double
    package var comment: String?
    package var at: Timestamp

    package init(
        id: String, source: QualitySource, caller: String = "", target: QualityTarget, decisionID: String? = nil,
        runID: String, model: ModelID?, reference: ModelID? = nil, policy: String = "",
        predictedQuality: Double? = nil, predictedSimilarity: Double? = nil, score: Double, comment: String? = nil,
        at: Timestamp
    ) {
        self.id = id
        self.source = source
        self.caller = caller
        self.target = target
        self.decisionID = decisionID
        self.runID = runID
        self.model = model
        self.reference = reference
        self.policy = policy
        self.predictedQuality = predictedQuality
        self.predictedSimilarity = predictedSimilarity
        self.score = score
        self.comment = comment
        self.at = at
    }
}

/// The scores of one model under one policy, summed.
package struct QualitySums: Hashable, Sendable {
    package let source: QualitySource
    /// Nil for jobs that several models worked on.
    package let model: ModelID?
    /// Empty for the default policy.
    package let policy: String
    package let count: Int
    package let sum: Double
    package let sumOfSquares: Double

    package init(
        source: QualitySource, model: ModelID?, policy: String, count: Int, sum: Double, sumOfSquares: Double
    ) {
        self.source = source
        self.model = model
        self.policy = policy
        self.count = count
        self.sum = sum
        self.sumOfSquares = sumOfSquares
    }
}

/// The status of a version of the calibration.
package enum CalibrationStatus: String, CaseIterable, Hashable, Sendable {
    /// In use from its time on, until a later one.
    case active
    /// Fitted, but no better than the one in use on the rows kept back.
    case rejected
    /// Withdrawn, since it predicted later observations worse than its predecessor.
    case rolledBack = "rolled_back"
}

/// A version of the calibration that predictions are corrected by. Versions are kept for ever.
package struct CalibrationRecord: Hashable, Sendable {
    /// 1, 2, 3, ...
    package var version: Int
    package var status: CalibrationStatus
    /// JSON, opaque to the ledger.
    package var body: [UInt8]
    /// The reason for its status, with figures.
    package var note: String
    package var at: Timestamp

    package init(version: Int, status: CalibrationStatus, body: [UInt8], note: String, at: Timestamp) {
        self.version = version
        self.status = status
        self.body = body
        self.note = note
        self.at = at
    }
}
