/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv): the same value for the same bytes on every machine.
///
/// It tells versions and histories apart. It does not resist an adversary who looks for a collision.
package struct StableHash: Hashable, Sendable {
    package private(set) var value: UInt64

    /// - Parameter value: an earlier hash to continue; the offset basis of FNV-1a for a new one.
    package init(continuing value: UInt64 = 0xcbf2_9ce4_8422_2325) {
        self.value = value
    }

    package mutating func combine(_ bytes: some Sequence<UInt8>) {
        // A generic iteration is not specialised across modules, so contiguous bytes get a loop of their own.
        let combined = bytes.withContiguousStorageIfAvailable { buffer in
            var hash = self
            for byte in buffer { hash.combine(unit: UInt64(byte)) }
            return hash
        }
        if let combined {
            self = combined
        } else {
            for byte in bytes { combine(unit: UInt64(byte)) }
        }
    }

    /// Combines one unit. A unit above 255 is a separator that no byte can produce.
    package mutating func combine(unit: UInt64) {
        value = (value ^ unit) &* 0x100_0000_01b3
    }

    /// The value in hexadecimal, without leading zeros.
    package var hexadecimal: String { String(value, radix: 16) }
}
