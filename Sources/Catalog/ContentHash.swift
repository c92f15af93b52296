/// A short name for the contents of files: FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
///
/// It tells versions apart; it is no defence against somebody who looks for a collision.
enum ContentHash {
    /// 16 hexadecimal digits over names, lengths and bytes.
    static func text(of files: [CatalogFile]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func take(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        for file in files {
            // Lengths are taken too, so that no byte can move from one file to the next unseen.
            take("\(file.name)\n\(file.bytes.count)\n".utf8)
            take(file.bytes)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
