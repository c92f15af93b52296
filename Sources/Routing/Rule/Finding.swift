package import Core

/// One test or remark on the way to a decision; put into words only when somebody reads it.
package enum Finding: Hashable, Sendable, CustomStringConvertible {
    /// A value against its threshold, `ahead` steps on.
    case compared(Stage, ModelID, Double, passes: Bool, threshold: Double, ahead: Int)
    /// The reference's step is never reached by the model.
    case neverCatchesUp(ModelID, probability: Double)
    /// The estimator returned no number.
    case noNumber(String, ModelID)
    /// An answer against its threshold.
    case verified(ModelID, Double, passes: Bool, threshold: Double)
    case note(String)

    package var description: String {
        switch self {
        case .compared(let stage, let model, let value, let passes, let threshold, let ahead):
            "\(stage.rawValue): \(model) \(ahead > 0 ? "+\(ahead) " : "")\(Decimals.two(value)) "
                + "\(passes ? ">" : "<=") \(Decimals.two(threshold))"
        case .neverCatchesUp(let model, let probability):
            "sle: \(model) is expected never to get where the reference would be (probability \(Decimals.two(probability)))"
        case .noNumber(let test, let model):
            "\(test): the estimator returned no number for \(model); taken as no estimate"
        case .verified(let model, let value, let passes, let threshold):
            "verify: \(model) \(Decimals.two(value)) \(passes ? ">=" : "<") \(Decimals.two(threshold))"
        case .note(let text): text
        }
    }
}

/// Figures as people read thresholds.
enum Decimals {
    static func two(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        return "\(sign)\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
