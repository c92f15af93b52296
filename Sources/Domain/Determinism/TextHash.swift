/// A hash of long texts, eight bytes at a time: the same value for the same pieces on every machine.
///
/// Each step multiplies to 128 bits and folds them to 64, as wyhash does. `StableHash` multiplies once a byte, which
/// takes a millisecond for a long conversation. Neither resists an adversary who looks for a collision.
package struct TextHash: Hashable, Sendable {
    /// The hash of the pieces so far.
    package private(set) var value: UInt64

    // Odd constants of wyhash.
    private static let start: UInt64 = 0xa076_1d64_78bd_642f
    private static let words: UInt64 = 0xe703_7ed1_a0b4_28db
    private static let ends: UInt64 = 0x8ebc_6af0_9c88_c6e3

    /// - Parameter value: an earlier hash to continue.
    package init(continuing value: UInt64 = 0) {
        self.value = value ^ Self.start
    }

    /// Combines a piece and its length, so that the borders of pieces count.
    package mutating func combine(_ piece: some Collection<UInt8>) {
        if piece.withContiguousStorageIfAvailable({ combine(buffer: $0) }) == nil {
            Array(piece).withUnsafeBufferPointer { combine(buffer: $0) }
        }
    }

    private mutating func combine(buffer: UnsafeBufferPointer<UInt8>) {
        let bytes = UnsafeRawBufferPointer(buffer)
        var hash = value
        var offset = 0
        while offset &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            hash = Self.fold(hash ^ word, Self.words)
            offset &+= 8
        }
        var rest: UInt64 = 0
        for byte in bytes[offset...].reversed() { rest = rest << 8 | UInt64(byte) }
        hash = Self.fold(hash ^ rest, Self.words)
        value = Self.fold(hash ^ UInt64(bytes.count), Self.ends)
    }

    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        // The sum keeps a zero from swallowing all that came before.
        return (high ^ low) &+ start
    }
}
