import Testing

@testable import Digest

@Suite("SHA-256")
struct SHA256Tests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }

    /// NIST's examples for FIPS 180-4: one block, two blocks, none, and a million letters.
    private static let vectors = [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test("the published examples have the published digests", arguments: vectors)
    func published(text: String, digest: String) {
        #expect(Self.hex(SHA256.hash(utf8: text)) == digest)
        #expect(Self.hex(SHA256.hash(Array(text.utf8))) == digest)
    }

    @Test("pieces of any size have the digest of the whole", arguments: [1, 3, 63, 64, 65, 500])
    func pieces(size: Int) {
        let bytes = (0..<500).map { UInt8($0 % 251) }
        var stream = SHA256Stream()
        for start in Swift.stride(from: 0, to: bytes.count, by: size) {
            stream.update(Array(bytes[start..<min(start + size, bytes.count)]))
            stream.update([])
        }
        #expect(stream.digest == SHA256.hash(bytes))
    }

    @Test("a digest may be read before the end, and copies go on apart")
    func copies() {
        var one = SHA256Stream()
        one.update(Array("a".utf8))
        #expect(one.digest == SHA256.hash(utf8: "a"))
        var other = one
        one.update(Array("b".utf8))
        other.update(Array("c".utf8))
        #expect(one.digest == SHA256.hash(utf8: "ab"))
        #expect(other.digest == SHA256.hash(utf8: "ac"))
    }

    @Test("bytes are equal only where all of them are")
    func equality() {
        let digest = SHA256.hash(utf8: "abc")
        #expect(isEqualInConstantTime(digest, digest))
        #expect(isEqualInConstantTime([], []))
        for position in digest.indices {
            var other = digest
            other[position] ^= 1
            #expect(!isEqualInConstantTime(digest, other))
        }
        #expect(!isEqualInConstantTime(digest, Array(digest.dropLast())))
    }
}
