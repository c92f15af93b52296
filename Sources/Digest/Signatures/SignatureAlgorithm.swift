/// The algorithms of JSON Web Signatures (RFC 7518, section 3, and RFC 8037). There is no `none`.
package enum SignatureAlgorithm: String, CaseIterable, Hashable, Sendable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"

    /// HMAC: who can verify can also sign.
    package static let symmetric: [SignatureAlgorithm] = [.hs256, .hs384, .hs512]

    /// RSA with the padding of PKCS #1 version 1.5, or with PSS.
    static let rsa: [SignatureAlgorithm] = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]

    /// Whether this is HMAC.
    package var isSymmetric: Bool { Self.symmetric.contains(self) }

    /// Whether this is RSA with PSS.
    var hasPSS: Bool { [.ps256, .ps384, .ps512].contains(self) }

    /// OpenSSL's name of the digest; nil where the algorithm has its own.
    var digestName: String? {
        switch self {
        case .hs256, .rs256, .ps256, .es256: "SHA256"
        case .hs384, .rs384, .ps384, .es384: "SHA384"
        case .hs512, .rs512, .ps512, .es512: "SHA512"
        case .edDSA: nil
        }
    }
}

/// A curve of ECDSA (RFC 7518, section 6.2.1.1).
package enum EllipticCurve: String, CaseIterable, Hashable, Sendable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    /// Bytes of a coordinate, and of each half of a signature.
    package var coordinateBytes: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The only algorithm of the curve.
    var algorithm: SignatureAlgorithm {
        switch self {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        }
    }

    /// OpenSSL's name.
    var groupName: String {
        switch self {
        case .p256: "prime256v1"
        case .p384: "secp384r1"
        case .p521: "secp521r1"
        }
    }
}
