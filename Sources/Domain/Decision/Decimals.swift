/// Formats thresholds and probabilities in sentences.
package enum Decimals {
    /// Two decimals, such as "0.71".
    package static func two(_ value: Double) -> String { fixed(value, digits: 2) }

    /// Two numbers with an operator in between, to as many decimals as distinguish them: "0.71 > kappa 0.66".
    package static func compared(_ value: Double, _ between: String, _ other: Double) -> String {
        let digits = abs(value - other) >= 5e-5 && two(value) == two(other) ? 4 : 2
        return "\(fixed(value, digits: digits)) \(between) \(fixed(other, digits: digits))"
    }

    /// Written digit by digit for speed: every step's reasons contain a few.
    private static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let unit = digits == 2 ? 100 : 10_000
        var rest = Int((abs(value) * Double(unit)).rounded())
        let isNegative = value < 0 && rest > 0
        return String(unsafeUninitializedCapacity: 24) { buffer in
            // From the end: decimals, point, the whole part, sign.
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
