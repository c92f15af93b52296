/// Makes ids: a prefix and 96 random bits in hexadecimal, for example `job_9f86d081884c7d659a2feaa0`.
package enum Identifier {
    package static func make(_ prefix: String) -> String { "\(prefix)_\(digits())" }

    /// The part after the prefix.
    package static func digits() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
        let low = String(UInt32.random(in: .min ... .max, using: &generator), radix: 16)
        return String(repeating: "0", count: 16 - high.count) + high + String(repeating: "0", count: 8 - low.count)
            + low
    }
}
