import CCrypto

/// HMAC with SHA-256 (RFC 2104), computed by OpenSSL.
package enum HMACSHA256 {
    /// The code of a message under a key: 32 bytes.
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        var count = 0
        let made = EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &code, code.count, &count)
        precondition(made != nil && count == SHA256.byteCount, "OpenSSL refuses HMAC")
        return code
    }
}
