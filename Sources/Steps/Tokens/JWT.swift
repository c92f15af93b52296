import Digest
import Domain
import JSON

/// A JSON Web Token (RFC 7519) in its signed form: three parts of base64url with dots between. Nothing of it is to be
/// believed before its signature is verified.
struct JWT {
    /// `alg` of its head.
    let algorithm: String
    /// The id of the signing key; nil where the head names none.
    let keyID: String?
    let claims: JSONValue
    /// What was signed.
    let signed: [UInt8]
    let signature: [UInt8]

    private static let mostBytes = 16 << 10

    /// Whether a bearer token has the form of a token like this: three parts, none of them empty.
    static func hasForm(_ text: String) -> Bool {
        var dots = 0
        var isEmpty = true
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard !isEmpty else { return false }
                dots += 1
                isEmpty = true
            } else {
                let isLetter =
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
                guard isLetter else { return false }
                isEmpty = false
            }
        }
        return dots == 2 && !isEmpty
    }

    /// - Throws: what is wrong with the form, without a part of the token.
    init(_ text: String) throws(JWTFault) {
        guard text.utf8.count <= Self.mostBytes else { throw .bad("is longer than \(Self.mostBytes >> 10) KiB") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.object(parts[0]) else { throw .bad("has no head that can be read") }
        guard let claims = Self.object(parts[1]) else { throw .bad("has no claims that can be read") }
        guard let signature = Base64.bytes(of: String(parts[2]), forURLs: true), !signature.isEmpty else {
            throw .bad("has no signature")
        }
        guard let algorithm = head["alg"]?.string else { throw .bad("names no algorithm (`alg`)") }
        // RFC 7515, section 4.1.11: what has to be understood, and is not.
        guard head["crit"] == nil else { throw .bad("asks for extensions (`crit`), and none is known here") }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        keyID = head["kid"]?.string
        signed = Array(text.utf8.dropLast(parts[2].utf8.count + 1))
    }

    private static func object(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64.bytes(of: String(part), forURLs: true),
            let root = try? JSONDocument(bytes, maximumDepth: 32).root, root.kind == .object
        else { return nil }
        return root
    }
}

/// Why a token does not let its caller in. Never holds a part of the token but names and times.
package enum JWTFault: Error, Hashable, Sendable {
    /// The token itself is wrong: another one is needed.
    case bad(String)
    /// The token is right, and its caller may not call.
    case forbidden(String)
    /// The keys of the issuer cannot be had now, so nothing can be said.
    case unavailable(String)

    var reason: String {
        switch self {
        case .bad(let reason), .forbidden(let reason), .unavailable(let reason): reason
        }
    }
}
