import Digest
import JSON

/// One key of an issuer.
struct JWK: Sendable {
    /// Nil where the source names none.
    let id: String?
    let key: VerificationKey
    /// What it may be used for: of what the key is for, what the set and the settings allow.
    let algorithms: [SignatureAlgorithm]
}

/// Reads a JSON Web Key Set (RFC 7517). Keys of kinds and uses that are not known are left out.
enum JWKSet {
    static let mostBytes = 1 << 20
    /// Without an id, a token is tried with each of them.
    private static let mostKeys = 64

    /// - Throws: ``JWTFault/unavailable(_:)`` where the text is no set, or has no key to use.
    static func keys(_ bytes: [UInt8]) throws(JWTFault) -> [JWK] {
        guard let root = try? JSONDocument(bytes, maximumDepth: 16).root, let list = root["keys"], list.kind == .array
        else { throw .unavailable("is no JSON Web Key Set") }
        let keys = list.elements.prefix(mostKeys).compactMap { key($0) }
        guard !keys.isEmpty else { throw .unavailable("has no public key for signatures that is known here") }
        return keys
    }

    private static func key(_ json: JSONValue) -> JWK? {
        if let use = json["use"]?.string, use != "sig" { return nil }
        if let operations = json["key_ops"], !operations.elements.contains(where: { $0.string == "verify" }) {
            return nil
        }
        guard let key = publicKey(json) else { return nil }
        var algorithms = key.algorithms
        if let name = json["alg"]?.string { algorithms = algorithms.filter { $0.rawValue == name } }
        guard !algorithms.isEmpty else { return nil }
        return JWK(id: json["kid"]?.string, key: key, algorithms: algorithms)
    }

    private static func publicKey(_ json: JSONValue) -> VerificationKey? {
        func number(_ name: String) -> [UInt8]? {
            json[name]?.string.flatMap { Base64.bytes(of: $0, forURLs: true) }
        }
        switch json["kty"]?.string {
        case "RSA":
            guard let modulus = number("n"), let exponent = number("e") else { return nil }
            return VerificationKey(rsaModulus: modulus, exponent: exponent)
        case "EC":
            guard let curve = json["crv"]?.string.flatMap({ EllipticCurve(rawValue: $0) }), let x = number("x"),
                let y = number("y")
            else { return nil }
            return VerificationKey(curve: curve, x: x, y: y)
        case "OKP":
            guard json["crv"]?.string == "Ed25519", let x = number("x") else { return nil }
            return VerificationKey(ed25519: x)
        default: return nil
        }
    }
}
