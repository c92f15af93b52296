/// Removes a secret from texts, at any place and with any beginning.
///
/// Any twelve of its characters in a row are removed, so that a part of it is not told either. Letter case does not
/// count. The form that the secret has in a URL is removed, too.
package struct SecretText: Sendable {
    private static let mostCharactersShown = 12
    /// Shorter secrets are removed only where they stand alone: they are parts of ordinary words.
    private static let fewestInWords = 6

    private let forms: [[UInt8]]
    private let width: Int
    private let pieces: Set<ArraySlice<UInt8>>

    /// Nil for a missing or empty secret.
    package init?(_ secret: String?) {
        guard let secret, !secret.isEmpty else { return nil }
        let plain = secret.utf8.map(Self.lowercase)
        var forms = [plain]
        let encoded = Self.percentEncoded(secret).utf8.map(Self.lowercase)
        if encoded != plain { forms.append(encoded) }
        self.forms = forms
        let width = min(Self.mostCharactersShown, plain.count)
        self.width = width
        pieces = Set(forms.flatMap { form in (0...(form.count - width)).map { form[$0..<$0 + width] } })
    }

    /// The text with `...` in place of the secret.
    package func removed(from text: String) -> String {
        let bytes = Array(text.utf8)
        let lower = bytes.map(Self.lowercase)
        var isSecret = [Bool](repeating: false, count: bytes.count)
        for start in stride(from: 0, through: lower.count - width, by: 1) {
            let range = start..<start + width
            guard pieces.contains(lower[range]), width >= Self.fewestInWords || Self.standsAlone(range, in: lower)
            else { continue }
            for index in range { isSecret[index] = true }
        }
        // A text that was cut may end in the first characters of the secret.
        for form in forms where width >= Self.fewestInWords {
            guard let length = (4..<width).last(where: { lower.suffix($0) == form.prefix($0) }) else { continue }
            for index in (lower.count - length)..<lower.count { isSecret[index] = true }
        }
        guard isSecret.contains(true) else { return text }
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if !isSecret[index] {
                result.append(byte)
            } else if index == 0 || !isSecret[index - 1] {
                result += Array("...".utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func standsAlone(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        let before = range.lowerBound > 0 ? bytes[range.lowerBound - 1] : 0x20
        let after = range.upperBound < bytes.count ? bytes[range.upperBound] : 0x20
        return !isWord(before) && !isWord(after)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if isWord(lowercase(byte)) && byte < 0x80 || "-._~".utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return result
    }
}
