import CCrypto

/// SHA-256 (FIPS 180-4), computed by OpenSSL.
package enum SHA256 {
    /// Bytes of a digest.
    package static let byteCount = 32

    /// The digest of some bytes: 32 bytes.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var stream = SHA256Stream()
        stream.update(bytes)
        return stream.digest
    }

    /// The digest of a text's UTF-8: 32 bytes.
    package static func hash(utf8 text: String) -> [UInt8] { hash(Array(text.utf8)) }
}

/// SHA-256 of input that arrives in pieces.
package struct SHA256Stream: Sendable {
    private var context = SHA256Context()

    package init() {}

    /// Appends a piece of the input.
    package mutating func update(_ bytes: [UInt8]) {
        if !isKnownUniquelyReferenced(&context) { context = SHA256Context(copyOf: context) }
        context.update(bytes)
    }

    /// The digest of the input so far: 32 bytes. More input may follow.
    package var digest: [UInt8] { SHA256Context(copyOf: context).finish() }
}

/// Whether two byte strings are equal, compared in a time that depends on their lengths only.
package func isEqualInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}

/// OpenSSL's state of one SHA-256.
///
/// Unchecked because of the C handle: ``SHA256Stream`` changes a context only while it is the only owner.
private final class SHA256Context: @unchecked Sendable {
    private let handle: OpaquePointer

    init() {
        handle = Self.allocate()
        Self.require(EVP_DigestInit_ex(handle, EVP_sha256(), nil))
    }

    init(copyOf other: SHA256Context) {
        handle = Self.allocate()
        Self.require(EVP_MD_CTX_copy_ex(handle, other.handle))
    }

    deinit { EVP_MD_CTX_free(handle) }

    func update(_ bytes: [UInt8]) {
        Self.require(EVP_DigestUpdate(handle, bytes, bytes.count))
    }

    /// Ends the computation: the context takes no more input.
    func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: SHA256.byteCount)
        Self.require(EVP_DigestFinal_ex(handle, &digest, nil))
        return digest
    }

    private static func allocate() -> OpaquePointer {
        guard let handle = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a SHA-256") }
        return handle
    }

    /// OpenSSL fails here only without memory, or where its configuration takes SHA-256 away.
    private static func require(_ status: Int32) {
        precondition(status == 1, "OpenSSL refuses SHA-256")
    }
}
