/// A key that verifies signatures, with the algorithms that it is for. The key decides them, never the signed text.
package struct VerificationKey: Sendable {
    private enum Material: Sendable {
        case publicKey(PublicKey, EllipticCurve?)
        case secret([UInt8])
    }

    private let material: Material
    /// What the key can verify.
    package let algorithms: [SignatureAlgorithm]

    /// Shorter RSA keys are refused (RFC 7518, section 3.3).
    package static let leastRSABits = 2048
    /// Longer RSA keys only cost time.
    private static let mostRSABits = 16_384
    /// Shorter secrets can be guessed (RFC 7518, section 3.2).
    package static let leastSecretBytes = 32

    private init(_ key: PublicKey, _ algorithms: [SignatureAlgorithm], curve: EllipticCurve? = nil) {
        material = .publicKey(key, curve)
        self.algorithms = algorithms
    }

    /// An RSA key; nil for one that is too short or no key.
    ///
    /// - Parameters:
    ///   - modulus: big-endian, as `n` of a JWK.
    ///   - exponent: big-endian, as `e` of a JWK.
    package init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        guard let key = PublicKey(rsaModulus: modulus, exponent: exponent) else { return nil }
        self.init(rsa: key)
    }

    private init?(rsa key: PublicKey) {
        guard (Self.leastRSABits...Self.mostRSABits).contains(key.bits) else { return nil }
        self.init(key, SignatureAlgorithm.rsa)
    }

    /// A key of ECDSA; nil for a point that is not on the curve.
    ///
    /// - Parameters:
    ///   - x: big-endian with all its bytes, as in a JWK.
    ///   - y: big-endian with all its bytes, as in a JWK.
    package init?(curve: EllipticCurve, x: [UInt8], y: [UInt8]) {
        guard x.count == curve.coordinateBytes, y.count == curve.coordinateBytes,
            let key = PublicKey(curve: curve, point: [4] + x + y)
        else { return nil }
        self.init(key, [curve.algorithm], curve: curve)
    }

    /// A key of Ed25519: 32 bytes, as `x` of a JWK.
    package init?(ed25519 bytes: [UInt8]) {
        guard let key = PublicKey(ed25519: bytes) else { return nil }
        self.init(key, [.edDSA])
    }

    /// A public key or a certificate in PEM; nil for anything else, such as a private key.
    package init?(pem: [UInt8]) {
        guard let key = PublicKey(pem: pem) else { return nil }
        if key.isKind("RSA") {
            self.init(rsa: key)
        } else if key.isKind("ED25519") {
            self.init(key, [.edDSA])
        } else if key.isKind("EC"), let curve = EllipticCurve.allCases.first(where: { $0.groupName == key.groupName }) {
            self.init(key, [curve.algorithm], curve: curve)
        } else {
            return nil
        }
    }

    /// A secret of HMAC; nil for one below 32 bytes.
    package init?(secret: [UInt8]) {
        guard secret.count >= Self.leastSecretBytes else { return nil }
        material = .secret(secret)
        algorithms = SignatureAlgorithm.symmetric
    }

    /// Whether a signature is that of a message. False for an algorithm that the key is not for.
    package func verifies(_ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        switch material {
        case .secret(let secret):
            guard let digest = algorithm.digestName else { return false }
            return isEqualInConstantTime(HMAC.code(of: message, key: secret, digest: digest), signature)
        case .publicKey(let key, nil): return key.verifies(signature, of: message, by: algorithm)
        case .publicKey(let key, let curve?):
            // JWS has both halves one behind the other, OpenSSL wants them in ASN.1.
            guard signature.count == 2 * curve.coordinateBytes,
                let encoded = PublicKey.encoded(ecdsaSignature: signature)
            else { return false }
            return key.verifies(encoded, of: message, by: algorithm)
        }
    }
}
