package import Domain

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
            "\(stage.rawValue): \(model) \(ahead > 0 ? "+\(ahead) " : "")"
                + Decimals.compared(value, passes ? ">" : "<=", threshold)
        case .neverCatchesUp(let model, let probability):
            "sle: \(model) is expected never to get where the reference would be (probability \(Decimals.two(probability)))"
        case .noNumber(let test, let model):
            "\(test): the estimator returned no number for \(model); taken as no estimate"
        case .verified(let model, let value, let passes, let threshold):
            "verify: \(model) \(Decimals.compared(value, passes ? ">=" : "<", threshold))"
        case .note(let text): text
        }
    }
}

/// Figures as people read thresholds.
enum Decimals {
    static func two(_ value: Double) -> String { fixed(value, digits: 2) }

    /// Two figures with what stands between them, to as many decimals as tell them apart: "0.71 > kappa 0.66".
    static func compared(_ value: Double, _ between: String, _ other: Double) -> String {
        let digits = abs(value - other) >= 5e-5 && two(value) == two(other) ? 4 : 2
        return "\(fixed(value, digits: digits)) \(between) \(fixed(other, digits: digits))"
    }

    /// Written digit by digit: every step's reasons hold a few of them.
    private static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let unit = digits == 2 ? 100 : 10_000
        var rest = Int((abs(value) * Double(unit)).rounded())
        let isNegative = value < 0 && rest > 0
        return String(unsafeUninitializedCapacity: 24) { buffer in
            // From the back: decimals, point, the whole part, sign.
            var place = 24
            var written = 0
            repeat {
                place -= 1
                if written == digits {
                    buffer[place] = UInt8(ascii: ".")
                } else {
                    buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                written += 1
            } while rest > 0 || written < digits + 2
            if isNegative {
                place -= 1
                buffer[place] = UInt8(ascii: "-")
            }
            let count = 24 - place
            for index in 0..<count { buffer[index] = buffer[place + index] }
            return count
        }
    }
}
