import Testing

@testable import Digest

@Suite("HMAC and base64")
struct HMACTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }

    /// RFC 4231, test cases 2 and 6.
    @Test(
        "the published examples have the published codes",
        arguments: [
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func codes(key: [UInt8], message: String, code: String) {
        #expect(Self.hex(HMACSHA256.code(of: Array(message.utf8), key: key)) == code)
    }

    /// RFC 4648, section 10.
    @Test(
        "texts are those of the standard, and are read back",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64.text(of: Array(text.utf8)) == encoded)
        #expect(Base64.bytes(of: encoded) == Array(text.utf8))
        #expect(Base64.bytes(of: String(encoded.prefix { $0 != "=" }), forURLs: true) == Array(text.utf8))
    }

    @Test("what is no base64 is refused", arguments: ["Zg", "Z===", "Zg==Zg==", "Zm 9", "Zm9-", "Zm9v\n"])
    func refused(_ text: String) {
        #expect(Base64.bytes(of: text) == nil)
    }

    @Test("the alphabet for URLs is its own, and has no padding")
    func forURLs() {
        #expect(Base64.bytes(of: "-_-_", forURLs: true) == [0xFB, 0xFF, 0xBF])
        #expect(Base64.bytes(of: "+/+/", forURLs: true) == nil)
        #expect(Base64.bytes(of: "Zg==", forURLs: true) == nil)
    }
}
