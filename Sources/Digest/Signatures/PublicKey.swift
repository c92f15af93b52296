import CCrypto

/// OpenSSL's handle of a public key. It never changes, and OpenSSL verifies with it from several threads at once.
final class PublicKey: Sendable {
    /// Of an `EVP_PKEY`: pointers are not `Sendable`.
    private let address: UInt

    private var handle: OpaquePointer? { OpaquePointer(bitPattern: address) }

    private init?(_ handle: OpaquePointer?) {
        guard let handle else {
            // Failures stay in a list of the thread, where a later call could take them for its own.
            ERR_clear_error()
            return nil
        }
        address = UInt(bitPattern: handle)
    }

    deinit { EVP_PKEY_free(handle) }

    /// - Parameter modulus: big-endian, as the exponent.
    convenience init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        let n = BN_bin2bn(modulus, Int32(modulus.count), nil)
        let e = BN_bin2bn(exponent, Int32(exponent.count), nil)
        defer {
            BN_free(n)
            BN_free(e)
        }
        self.init(
            Self.made("RSA") { builder in hera_push_rsa(builder, n, e) == 1 })
    }

    /// - Parameter point: 4, and both coordinates.
    convenience init?(curve: EllipticCurve, point: [UInt8]) {
        let name = curve.groupName
        self.init(
            // The builder keeps the addresses until the parameters are made.
            name.withCString { name in
                point.withUnsafeBytes { point in
                    Self.made("EC") { hera_push_point($0, name, point.baseAddress, point.count) == 1 }
                }
            })
    }

    convenience init?(ed25519 bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.init(EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count))
    }

    /// A public key or a certificate in PEM.
    convenience init?(pem: [UInt8]) {
        // Without it, OpenSSL would ask the terminal for the password of an encrypted file.
        let noPassword: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
            { _, _, _, _ in 0 }
        let key = pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(reader) }
            if let key = PEM_read_bio_PUBKEY(reader, nil, noPassword, nil) { return key }
            guard let again = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(again) }
            guard let certificate = PEM_read_bio_X509(again, nil, noPassword, nil) else { return nil }
            defer { X509_free(certificate) }
            return X509_get_pubkey(certificate)
        }
        ERR_clear_error()
        self.init(key)
    }

    /// The length of the key.
    var bits: Int { Int(EVP_PKEY_get_bits(handle)) }

    /// Whether the key is of OpenSSL's type with this name.
    func isKind(_ name: String) -> Bool { EVP_PKEY_is_a(handle, name) == 1 }

    /// OpenSSL's name of the curve; nil for keys without one.
    var groupName: String? {
        var name = [CChar](repeating: 0, count: 80)
        var count = 0
        guard EVP_PKEY_get_group_name(handle, &name, name.count, &count) == 1 else {
            ERR_clear_error()
            return nil
        }
        return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a signature in OpenSSL's form is that of a message.
    func verifies(_ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var keyContext: OpaquePointer?
        guard EVP_DigestVerifyInit_ex(context, &keyContext, algorithm.digestName, nil, nil, handle, nil) == 1 else {
            return false
        }
        if algorithm.hasPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// A signature of ECDSA in ASN.1, from its two halves of the same length.
    static func encoded(ecdsaSignature halves: [UInt8]) -> [UInt8]? {
        let half = halves.count / 2
        guard let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let r = BN_bin2bn(halves, Int32(half), nil)
        let s = BN_bin2bn(Array(halves.suffix(half)), Int32(half), nil)
        // On success the signature owns both.
        guard ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        let count = i2d_ECDSA_SIG(signature, nil)
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_ECDSA_SIG(signature, &start)
        }
        return written == count ? bytes : nil
    }

    /// A key of OpenSSL's type with this name, from parameters.
    private static func made(_ type: String, _ fill: (OpaquePointer) -> Bool) -> OpaquePointer? {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard fill(builder), let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, hera_public_key_selection(), parameters) == 1
        else { return nil }
        return key
    }
}
