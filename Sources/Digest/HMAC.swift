import CCrypto

/// HMAC with SHA-256 (RFC 2104), computed by OpenSSL.
package enum HMACSHA256 {
    /// The code of a message under a key: 32 bytes.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        HMAC.code(of: message, key: key, digest: "SHA256")
    }
}

/// HMAC (RFC 2104) with a digest of SHA-2, computed by OpenSSL.
enum HMAC {
    /// SHA-512's.
    private static let mostBytes = 64

    /// The code of a message under a key, as long as the digest.
    ///
    /// - Parameter digest: OpenSSL's name, such as `SHA256`.
    static func code(of message: [UInt8], key: [UInt8], digest: String) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: mostBytes)
        var count = 0
        let made = EVP_Q_mac(
            nil, "HMAC", nil, digest, nil, key, key.count, message, message.count, &code, code.count, &count)
        precondition(made != nil, "OpenSSL refuses HMAC")
        return Array(code.prefix(count))
    }
}
