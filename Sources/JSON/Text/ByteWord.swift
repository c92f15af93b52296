/// Eight bytes looked at together: the word-parallel byte tests ("SWAR") of the JSON and SSE scanners.
///
/// Every mask below has the high bit of a byte set where that byte passes the test. Bytes are in little-endian order,
/// and a borrow can only spoil bytes *after* the first hit, so ``firstIndex(of:)`` of a mask is exact.
/// Source: S. E. Anderson, Bit Twiddling Hacks, "Determine if a word has a byte equal to / less than n".
package struct ByteWord {
    /// The number of bytes looked at in one go.
    package static let count = 8

    private static let low: UInt64 = 0x0101_0101_0101_0101
    private static let high: UInt64 = 0x8080_8080_8080_8080

    private let word: UInt64

    /// Reads the eight bytes that start at `offset`; the caller sees to it that they exist.
    @inline(__always)
    package init(_ base: UnsafePointer<UInt8>, at offset: Int) {
        word = UInt64(
            littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes equal to `byte`.
    @inline(__always)
    package func equal(to byte: UInt8) -> UInt64 {
        let difference = word ^ (Self.low &* UInt64(byte))
        return (difference &- Self.low) & ~difference & Self.high
    }

    /// The bytes below `bound`, which is at most 128.
    @inline(__always)
    func below(_ bound: UInt8) -> UInt64 {
        (word &- Self.low &* UInt64(bound)) & ~word & Self.high
    }

    /// The bytes outside ASCII.
    var nonASCII: UInt64 {
        @inline(__always) get { word & Self.high }
    }

    /// The index (0 to 7) of the first byte that a non-zero mask marks.
    @inline(__always)
    package static func firstIndex(of mask: UInt64) -> Int {
        mask.trailingZeroBitCount >> 3
    }
}
