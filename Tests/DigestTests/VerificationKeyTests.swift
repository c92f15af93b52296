import TestSupport
import Testing

@testable import Digest

@Suite("Signatures of JSON Web Tokens")
struct VerificationKeyTests {
    private static func bytes(_ text: String) throws -> [UInt8] {
        try #require(Base64.bytes(of: text, forURLs: true))
    }

    /// RFC 7515, appendix A: the same claims in three examples.
    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    @Test("the published examples of HMAC, ECDSA and Ed25519 are verified, and changed ones are not")
    func published() throws {
        let hmac = try #require(
            VerificationKey(
                secret: try Self.bytes(
                    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")))
        let elliptic = try #require(
            VerificationKey(
                curve: .p256, x: try Self.bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                y: try Self.bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))
        // RFC 8037, appendix A.4.
        let edwards = try #require(
            VerificationKey(ed25519: try Self.bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")))
        let examples: [(VerificationKey, SignatureAlgorithm, String, String)] = [
            (
                hmac, .hs256, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(Self.claims)",
                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            ),
            (
                elliptic, .es256, "eyJhbGciOiJFUzI1NiJ9.\(Self.claims)",
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
            ),
            (
                edwards, .edDSA, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
            ),
        ]
        for (key, algorithm, message, text) in examples {
            let signature = try Self.bytes(text)
            #expect(key.verifies(signature, of: Array(message.utf8), by: algorithm), "\(algorithm)")
            #expect(!key.verifies(signature, of: Array((message + "x").utf8), by: algorithm))
            var other = signature
            other[3] ^= 1
            #expect(!key.verifies(other, of: Array(message.utf8), by: algorithm))
            #expect(!key.verifies(Array(signature.dropLast()), of: Array(message.utf8), by: algorithm))
            #expect(!key.verifies([], of: Array(message.utf8), by: algorithm))
        }
    }

    @Test(
        "new keys verify what they signed, as numbers and as PEM, by each of their algorithms alone",
        arguments: [
            (TestSigner.Kind.rsa(bits: 2048), ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
            (.p256, ["ES256"]), (.p384, ["ES384"]), (.p521, ["ES512"]), (.ed25519, ["EdDSA"]),
        ])
    func made(kind: TestSigner.Kind, names: [String]) throws {
        let signer = TestSigner(kind)
        let numbers = signer.numbers.map(\.bytes)
        let made: VerificationKey? =
            switch kind {
            case .rsa: VerificationKey(rsaModulus: numbers[0], exponent: numbers[1])
            case .p256: VerificationKey(curve: .p256, x: numbers[0], y: numbers[1])
            case .p384: VerificationKey(curve: .p384, x: numbers[0], y: numbers[1])
            case .p521: VerificationKey(curve: .p521, x: numbers[0], y: numbers[1])
            case .ed25519: VerificationKey(ed25519: numbers[0])
            }
        let key = try #require(made)
        let file = try #require(VerificationKey(pem: signer.pem))
        #expect(key.algorithms.map(\.rawValue) == names && file.algorithms == key.algorithms)
        let message = Array("a message".utf8)
        for name in names {
            let digest = name == "EdDSA" ? nil : "SHA" + name.suffix(3)
            let signature = signer.signature(of: message, digest: digest, isPSS: name.hasPrefix("PS"))
            for algorithm in SignatureAlgorithm.allCases {
                let isRight = algorithm.rawValue == name
                #expect(key.verifies(signature, of: message, by: algorithm) == isRight, "\(name) \(algorithm)")
                #expect(file.verifies(signature, of: message, by: algorithm) == isRight, "\(name) \(algorithm)")
            }
        }
    }

    @Test("weak and broken keys are refused")
    func refused() throws {
        let short = TestSigner(.rsa(bits: 1024))
        #expect(VerificationKey(rsaModulus: short.numbers[0].bytes, exponent: short.numbers[1].bytes) == nil)
        #expect(VerificationKey(pem: short.pem) == nil)
        #expect(VerificationKey(rsaModulus: [], exponent: []) == nil)
        #expect(VerificationKey(secret: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(VerificationKey(ed25519: [1, 2]) == nil)
        // No point of the curve, and the point of another curve.
        let point = [UInt8](repeating: 1, count: 32)
        #expect(VerificationKey(curve: .p256, x: point, y: point) == nil)
        let other = TestSigner(.p384).numbers.map(\.bytes)
        #expect(VerificationKey(curve: .p256, x: other[0], y: other[1]) == nil)
        #expect(VerificationKey(pem: Array("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".utf8)) == nil)
        #expect(VerificationKey(pem: []) == nil)
    }
}
