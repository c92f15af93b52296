import Domain
import Testing

@Suite("Stable hash")
struct StableHashTests {
    @Test(
        "the published test vectors of FNV-1a",
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)])
    func vectors(text: String, value: UInt64) {
        var hash = StableHash()
        hash.combine(text.utf8)
        #expect(hash.value == value)
        var lazy = StableHash()
        lazy.combine(text.utf8.lazy.map { $0 })
        #expect(lazy == hash, "a sequence without contiguous storage takes another code path")
    }

    @Test("a hash continues from an earlier value, and a separator is no byte")
    func continuing() {
        var whole = StableHash()
        whole.combine("ab".utf8)
        var parts = StableHash()
        parts.combine("a".utf8)
        parts = StableHash(continuing: parts.value)
        parts.combine("b".utf8)
        #expect(whole == parts)
        var separated = whole
        separated.combine(unit: 0x1ff)
        #expect(
            (UInt8.min...UInt8.max).allSatisfy { byte in
                var other = whole
                other.combine([byte])
                return other != separated
            })
    }
}
