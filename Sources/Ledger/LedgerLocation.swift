/// Where a ledger is, as operators write it: `sqlite:PATH`, or `postgres://user:password@host/database`.
struct LedgerLocation {
    let text: String

    /// The text without passwords, for messages.
    var shown: String {
        var shown = text
        if let start = Self.end(of: "://", in: text), let end = text[start...].lastIndex(of: "@"),
            let colon = text[start..<end].firstIndex(of: ":")
        {
            shown.replaceSubrange(text.index(after: colon)..<end, with: "***")
        }
        while let value = Self.end(of: "password=", in: shown), !shown[value...].hasPrefix("***") {
            let end = shown[value...].firstIndex { $0 == "&" || $0 == "#" } ?? shown.endIndex
            shown.replaceSubrange(value..<end, with: "***")
        }
        return shown
    }

    /// Throws `badLocation` where libpq would misread the address and show parts of a password in its errors.
    func checkAddress() throws(LedgerError) {
        guard let start = Self.end(of: "://", in: text) else { return }
        let rest = text[start...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let isCut =
            if let at = authority.firstIndex(of: "@") {
                // libpq ends the password at the first one.
                authority[authority.index(after: at)...].contains("@")
            } else if let colon = authority.firstIndex(of: ":"), rest[slash...].contains("@") {
                // It would be a port.
                !authority[authority.index(after: colon)...].allSatisfy(\.isNumber)
            } else {
                false
            }
        guard !isCut else {
            throw .badLocation(shown, reason: "its password has an @ or a /, which are written %40 and %2F there")
        }
        for part in rest.split(separator: "%", omittingEmptySubsequences: false).dropFirst() {
            guard part.prefix(2).count == 2, part.prefix(2).allSatisfy(\.isHexDigit), !part.hasPrefix("00") else {
                throw .badLocation(shown, reason: "a % in it has no two hexadecimal digits behind it; % itself is %25")
            }
        }
    }

    private static func end(of part: String, in text: String) -> String.Index? {
        text.firstRange(of: part)?.upperBound
    }
}
