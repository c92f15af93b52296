package import Domain

/// One test or event on the way to a decision. Its description is built only when it is read.
package enum Finding: Hashable, Sendable, CustomStringConvertible {
    /// A value against its threshold, `ahead` steps on.
    case compared(Stage, ModelID, Double, passes: Bool, threshold: Double, ahead: Int)
    /// A part's similarity against its threshold (SD); `part` counts from 1.
    case comparedPart(part: Int, ModelID, Double, passes: Bool, threshold: Double)
    /// The model is likeliest never to reach the reference's step.
    case neverCatchesUp(ModelID, probability: Double)
    /// The estimator returned no finite number.
    case noNumber(String, ModelID)
    /// The text predictor failed.
    case predictionFailed(reason: String)
    /// The step is not decomposed.
    case undivided(reason: String)
    /// An answer against its threshold.
    case verified(ModelID, Double, passes: Bool, threshold: Double)
    /// An answer's probability of being right, and the model that is asked as well, if any.
    case valued(ModelID, Double, next: ModelID?)
    /// An answer's probability of being right, and the way in which its model is asked again.
    case askedAgain(ModelID, Double, way: String)
    /// An answer with a defect of its form.
    case malformed(ModelID, fault: String)
    /// A call without an answer.
    case failed(ModelID, reason: String)
    /// The run rewrote its history, which drops earlier commitments.
    case historyChanged(String, dropped: [String])
    /// URC committed the request to the model at an earlier step.
    case committed(ModelID)
    /// A span of an earlier step covers this one.
    case spanned(Stage, from: Int, through: Int)
    case commitmentEnded(ModelID, reason: String)
    case spanEnded(ModelID, reason: String)
    /// The plan puts the reference first.
    case referenceFirst(ModelID)
    /// No other candidate than the reference is left.
    case lastResort(ModelID)
    case referenceUnavailable(reason: String)
    /// The run stays on its model instead of the rule's verdict.
    case overridden(RuleAction.Verdict)

    package var description: String {
        switch self {
        case .compared(let stage, let model, let value, let passes, let threshold, let ahead):
            "\(stage.rawValue): \(model) \(ahead > 0 ? "+\(ahead) " : "")"
                + Decimals.compared(value, passes ? ">" : "<=", threshold)
        case .comparedPart(let part, let model, let value, let passes, let threshold):
            "sd: part \(part) on \(model) \(Decimals.two(value)) \(passes ? ">" : "<=") \(Decimals.two(threshold))"
        case .neverCatchesUp(let model, let probability):
            "sle: \(model) is expected never to get where the reference would be (probability \(Decimals.two(probability)))"
        case .noNumber(let test, let model):
            "\(test): the estimator returned no number for \(model); taken as no estimate"
        case .predictionFailed(let reason):
            "sse: the text predictor has no answer (\(reason)); trained predictors stand in"
        case .undivided(let reason): "sd: \(reason); the step stays whole"
        case .verified(let model, let value, let passes, let threshold):
            "verify: \(model) \(Decimals.compared(value, passes ? ">=" : "<", threshold))"
        case .valued(let model, let value, let next):
            "verify: \(model) is right with probability \(Decimals.two(value))"
                + (next.map { "; \($0) is asked as well" } ?? "; no other answer is worth its price")
        case .askedAgain(let model, let value, let way):
            "verify: \(model) is right with probability \(Decimals.two(value)); \(way) is asked as well"
        case .malformed(let model, let fault): "verify: \(model): \(fault)"
        case .failed(let model, let reason): "\(model) did not answer: \(reason)"
        case .historyChanged(let change, let dropped):
            "history: \(change)" + (dropped.isEmpty ? "" : "; dropped \(dropped.joined(separator: " and "))")
        case .committed(let model): "urc: committed to \(model) at an earlier step"
        case .spanned(let stage, let from, let through):
            "\(stage.rawValue): committed at step \(from) through step \(through)"
        case .commitmentEnded(let model, let reason): "urc: the commitment to \(model) ends, since \(reason)"
        case .spanEnded(let model, let reason): "the span on \(model) ends, since \(reason)"
        case .referenceFirst(let model): "plan: \(model) comes first"
        case .lastResort(let model): "reference: \(model) is the last resort"
        case .referenceUnavailable(let reason): "reference: \(reason)"
        case .overridden(let verdict): "plan: \(verdict.stage.rawValue) chose \(verdict.model): \(verdict.reason)"
        }
    }
}
