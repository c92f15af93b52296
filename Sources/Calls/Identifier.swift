package import Domain

/// Makes ids: a prefix and 24 hexadecimal digits, for example `job_9f86d081884c7d659a2feaa0`.
///
/// The first ten digits are the time, so that ids made together lie together in the ledger's indexes. The other 56 bits
/// are random.
package enum Identifier {
    /// An id with a prefix.
    package static func make(_ prefix: String, at now: Timestamp = .now()) -> String { "\(prefix)_\(digits(at: now))" }

    /// The part after the prefix.
    package static func digits(at now: Timestamp = .now()) -> String {
        let random = UInt64.random(in: .min ... .max)
        let time = UInt64(truncatingIfNeeded: now.milliseconds) & (1 << 40 - 1)
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 24) { bytes in
            for place in 0..<10 { bytes[place] = digits.utf8Start[Int(time >> (36 - 4 * UInt64(place)) & 15)] }
            for place in 0..<14 { bytes[10 + place] = digits.utf8Start[Int(random >> (4 * UInt64(place)) & 15)] }
            return 24
        }
    }
}
