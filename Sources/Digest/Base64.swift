import CCrypto

/// Base64 (RFC 4648) of bytes, with and without the alphabet for URLs.
package enum Base64 {
    /// The text of some bytes, with padding.
    package static func text(of bytes: [UInt8]) -> String {
        // OpenSSL ends the text with a NUL.
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    /// The bytes of a text; nil for anything else than base64.
    ///
    /// - Parameter forURLs: whether `-` and `_` stand for `+` and `/`, and no padding follows.
    package static func bytes(of text: String, forURLs: Bool = false) -> [UInt8]? {
        var letters = Array(text.utf8)
        let isPlain = letters.allSatisfy { letter in
            switch letter {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "-"), UInt8(ascii: "_"): forURLs
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): !forURLs
            default: false
            }
        }
        guard isPlain else { return nil }
        if forURLs {
            letters = letters.map { letter in
                switch letter {
                case UInt8(ascii: "-"): UInt8(ascii: "+")
                case UInt8(ascii: "_"): UInt8(ascii: "/")
                default: letter
                }
            }
            letters += Array(repeating: UInt8(ascii: "="), count: (4 - letters.count % 4) % 4)
        }
        let padding = letters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        // OpenSSL reads a sign of padding in the middle as zeros.
        guard letters.count.isMultiple(of: 4), padding < 3, !letters.dropLast(padding).contains(UInt8(ascii: "="))
        else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: letters.count / 4 * 3 + 1)
        let count = EVP_DecodeBlock(&bytes, letters, Int32(letters.count))
        guard count >= 0 else { return nil }
        return Array(bytes.prefix(Int(count) - padding))
    }
}
