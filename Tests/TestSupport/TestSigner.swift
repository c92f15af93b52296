import CCrypto

/// A key pair that signs tokens in tests, made by OpenSSL.
package final class TestSigner: Sendable {
    /// The kind of a key pair.
    package enum Kind: Sendable {
        case rsa(bits: Int)
        case p256, p384, p521
        case ed25519
    }

    package let kind: Kind
    private let address: UInt

    private var handle: OpaquePointer? { OpaquePointer(bitPattern: address) }

    /// A new key pair.
    package init(_ kind: Kind) {
        self.kind = kind
        let type =
            switch kind {
            case .rsa: "RSA"
            case .p256, .p384, .p521: "EC"
            case .ed25519: "ED25519"
            }
        let context = EVP_PKEY_CTX_new_from_name(nil, type, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        var isMade = EVP_PKEY_keygen_init(context) == 1
        switch kind {
        case .rsa(let bits): isMade = isMade && EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1
        case .p256: isMade = isMade && EVP_PKEY_CTX_set_group_name(context, "prime256v1") == 1
        case .p384: isMade = isMade && EVP_PKEY_CTX_set_group_name(context, "secp384r1") == 1
        case .p521: isMade = isMade && EVP_PKEY_CTX_set_group_name(context, "secp521r1") == 1
        case .ed25519: break
        }
        isMade = isMade && EVP_PKEY_generate(context, &key) == 1
        guard isMade, let key else { preconditionFailure("OpenSSL makes no key") }
        address = UInt(bitPattern: key)
    }

    deinit { EVP_PKEY_free(handle) }

    /// The signature of a message in the form of JSON Web Signatures.
    ///
    /// - Parameters:
    ///   - digest: OpenSSL's name; nil for Ed25519.
    ///   - isPSS: whether RSA pads by PSS.
    package func signature(of message: [UInt8], digest: String?, isPSS: Bool = false) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        guard EVP_DigestSignInit_ex(context, &keyContext, digest, nil, nil, handle, nil) == 1 else {
            preconditionFailure("OpenSSL does not sign")
        }
        if isPSS {
            EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING)
            EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST)
        }
        var count = 0
        EVP_DigestSign(context, nil, &count, message, message.count)
        var bytes = [UInt8](repeating: 0, count: count)
        EVP_DigestSign(context, &bytes, &count, message, message.count)
        bytes = Array(bytes.prefix(count))
        switch kind {
        case .rsa, .ed25519: return bytes
        case .p256: return Self.halves(bytes, 32)
        case .p384: return Self.halves(bytes, 48)
        case .p521: return Self.halves(bytes, 66)
        }
    }

    /// The numbers of the public key by their names in a JWK, big-endian.
    package var numbers: [(name: String, bytes: [UInt8])] {
        switch kind {
        case .rsa: [("n", number(OSSL_PKEY_PARAM_RSA_N, 0)), ("e", number(OSSL_PKEY_PARAM_RSA_E, 0))]
        case .p256: coordinates(32)
        case .p384: coordinates(48)
        case .p521: coordinates(66)
        case .ed25519:
            [("x", raw)]
        }
    }

    /// The public key in PEM.
    package var pem: [UInt8] {
        let writer = BIO_new(BIO_s_mem())
        defer { BIO_free(writer) }
        PEM_write_bio_PUBKEY(writer, handle)
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = BIO_read(writer, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }

    private func coordinates(_ count: Int) -> [(name: String, bytes: [UInt8])] {
        [("x", number(OSSL_PKEY_PARAM_EC_PUB_X, count)), ("y", number(OSSL_PKEY_PARAM_EC_PUB_Y, count))]
    }

    private var raw: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        EVP_PKEY_get_raw_public_key(handle, &bytes, &count)
        return bytes
    }

    /// - Parameter count: bytes to fill; 0 for as many as there are.
    private func number(_ name: String, _ count: Int) -> [UInt8] {
        var value: OpaquePointer?
        EVP_PKEY_get_bn_param(handle, name, &value)
        defer { BN_free(value) }
        var bytes = [UInt8](repeating: 0, count: count == 0 ? Int(BN_num_bits(value) + 7) / 8 : count)
        BN_bn2binpad(value, &bytes, Int32(bytes.count))
        return bytes
    }

    private static func halves(_ encoded: [UInt8], _ count: Int) -> [UInt8] {
        let signature = encoded.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, buffer.count)
        }
        defer { ECDSA_SIG_free(signature) }
        var bytes = [UInt8](repeating: 0, count: 2 * count)
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), base, Int32(count))
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), base + count, Int32(count))
        }
        return bytes
    }
}
