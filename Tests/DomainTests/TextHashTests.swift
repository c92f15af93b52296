import Domain
import Testing

@Suite("Text hash")
struct TextHashTests {
    private static func hash(_ pieces: [String]) -> UInt64 {
        var hash = TextHash()
        for piece in pieces { hash.combine(piece.utf8) }
        return hash.value
    }

    @Test("texts that differ in one byte, in their length or in their borders have different hashes")
    func differences() {
        let text = String(repeating: "a long conversation ", count: 40)
        var hashes: Set<UInt64> = [Self.hash([]), Self.hash([""]), Self.hash(["", ""])]
        for length in 0..<40 { hashes.insert(Self.hash([String(text.prefix(length)) + "\0"])) }
        for length in 1..<40 {
            hashes.insert(Self.hash([String(text.prefix(length)), String(text.dropFirst(length))]))
        }
        for place in stride(from: 0, to: 700, by: 13) {
            var bytes = Array(text.utf8)
            bytes[place] ^= 1
            hashes.insert(Self.hash([String(decoding: bytes, as: UTF8.self)]))
        }
        #expect(hashes.count == 3 + 40 + 39 + 54)
    }

    @Test("bytes without contiguous storage have the same hash, and a hash continues from an earlier value")
    func forms() {
        var whole = TextHash()
        whole.combine("some words".utf8)
        var lazy = TextHash()
        lazy.combine("some words".utf8.lazy.map { $0 })
        #expect(whole == lazy)
        var one = TextHash(continuing: whole.value)
        one.combine("more".utf8)
        var other = TextHash(continuing: lazy.value)
        other.combine("more".utf8)
        #expect(one == other && one != whole)
    }

    @Test("the value of a text is the same on every machine")
    func pinned() {
        #expect(Self.hash(["a", "bcdefghijk"]) == 7_522_819_969_897_739_252)
    }
}
