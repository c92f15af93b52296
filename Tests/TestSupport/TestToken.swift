import Digest

extension TestSigner {
    /// A signed JSON Web Token.
    ///
    /// - Parameters:
    ///   - claims: a JSON object.
    ///   - algorithm: the name in the head; the signature is by the digest of its number.
    ///   - keyID: `kid`; nil for none.
    package func token(_ claims: String, algorithm: String, keyID: String? = nil) -> String {
        let digest = kind.hasOwnDigest ? nil : "SHA" + algorithm.suffix(3)
        return Self.token(claims, algorithm: algorithm, keyID: keyID) {
            signature(of: $0, digest: digest, isPSS: algorithm.hasPrefix("PS"))
        }
    }

    /// A token with any signature.
    package static func token(
        _ claims: String, algorithm: String, keyID: String? = nil, others: String = "",
        signature: ([UInt8]) -> [UInt8]
    ) -> String {
        let head = #"{"typ":"JWT","alg":"\#(algorithm)"\#(keyID.map { #","kid":"\#($0)""# } ?? "")\#(others)}"#
        let signed = "\(text(of: Array(head.utf8))).\(text(of: Array(claims.utf8)))"
        return "\(signed).\(text(of: signature(Array(signed.utf8))))"
    }

    /// The public key as a JWK.
    ///
    /// - Parameter others: further members, after a comma.
    package func jwk(id: String?, others: String = "") -> String {
        let kinds =
            switch kind {
            case .rsa: #""kty":"RSA""#
            case .p256: #""kty":"EC","crv":"P-256""#
            case .p384: #""kty":"EC","crv":"P-384""#
            case .p521: #""kty":"EC","crv":"P-521""#
            case .ed25519: #""kty":"OKP","crv":"Ed25519""#
            }
        let members = numbers.map { #","\#($0.name)":"\#(Self.text(of: $0.bytes))""# }.joined()
        return "{\(kinds)\(id.map { #","kid":"\#($0)""# } ?? "")\(members)\(others)}"
    }

    /// Base64 for URLs.
    package static func text(of bytes: [UInt8]) -> String {
        String(
            Base64.text(of: bytes).filter { $0 != "=" }.map { character -> Character in
                switch character {
                case "+": "-"
                case "/": "_"
                default: character
                }
            })
    }
}

extension TestSigner.Kind {
    fileprivate var hasOwnDigest: Bool { if case .ed25519 = self { true } else { false } }
}
