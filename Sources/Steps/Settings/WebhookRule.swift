import Domain
import JSON

/// An allowed URL prefix for tools of type `http`.
package struct WebhookRule: Hashable, Sendable {
    /// Scheme, host and port, in lower case.
    let origin: String
    /// Required path prefix in whole segments; begins with a slash.
    package let path: String
    /// Environment variable of the `Authorization: Bearer` token; nil for none.
    package let keyVariable: String?
    /// Total time of a call.
    package let timeoutSeconds: Double
    /// Largest response passed to the model.
    package let answerBytes: Int

    /// - Parameter url: for example `https://tools.example.com/v1`.
    /// - Throws: the problem of an invalid URL.
    package init(
        url: String, keyVariable: String? = nil, timeoutSeconds: Double = 30, answerBytes: Int = 64 << 10
    ) throws(WebhookFault) {
        (origin, path) = try Self.parts(url)
        self.keyVariable = keyVariable
        self.timeoutSeconds = timeoutSeconds
        self.answerBytes = answerBytes
    }

    /// Whether a URL matches the prefix.
    package func allows(_ url: String) -> Bool {
        guard let (origin, path) = try? Self.parts(url), origin == self.origin else { return false }
        guard path.hasPrefix(self.path) else { return false }
        let rest = path.dropFirst(self.path.count)
        return self.path.hasSuffix("/") || rest.isEmpty || rest.first == "/" || rest.first == "?"
    }

    /// Splits a URL into origin and path with query; refuses ambiguous URLs.
    private static func parts(_ url: String) throws(WebhookFault) -> (origin: String, path: String) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw WebhookFault("must be ASCII without spaces")
        }
        guard let colon = url.firstRange(of: "://") else { throw WebhookFault("must begin with https:// or http://") }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw WebhookFault("must begin with https:// or http://") }
        let rest = url[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, !authority.contains("@"), !url.contains("\\"), !url.contains("#") else {
            throw WebhookFault("must name a host, without user, fragment or backslash")
        }
        let path = rest.dropFirst(authority.count)
        let segments = path.prefix { $0 != "?" }.split(separator: "/")
        guard !segments.contains(where: leadsElsewhere) else {
            throw WebhookFault("must not have segments that lead elsewhere")
        }
        let port = scheme == "https" ? ":443" : ":80"
        let host = authority.lowercased()
        return (
            "\(scheme)://\(host.hasSuffix(port) ? String(host.dropLast(port.count)) : host)",
            path.first == "/" ? String(path) : "/\(path)"
        )
    }

    /// Whether a server may read a segment of a path as a step to another folder.
    ///
    /// Proxies and servers decode it once or several times, and some cut it at a semicolon.
    private static func leadsElsewhere(_ segment: Substring) -> Bool {
        let bytes = percentDecoded(segment)
        // Slashes, backslashes, control characters, and bytes that no UTF-8 has: longer spellings of ASCII.
        if bytes.contains(where: { $0 == 0x2F || $0 == 0x5C || $0 < 0x20 || $0 == 0xC0 || $0 == 0xC1 }) { return true }
        let name = bytes.prefix { $0 != UInt8(ascii: ";") }
        return name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
    }

    /// A segment decoded until nothing is left to decode, in one pass: what a decoded byte completes is decoded at once.
    private static func percentDecoded(_ segment: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in segment.utf8 {
            bytes.append(byte)
            while bytes.count >= 3, bytes[bytes.count - 3] == UInt8(ascii: "%"),
                let decoded = UInt8(String(decoding: bytes.suffix(2), as: UTF8.self), radix: 16)
            {
                bytes.removeLast(3)
                bytes.append(decoded)
            }
        }
        return bytes
    }
}

/// Why a URL is invalid for a tool.
package struct WebhookFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension WebhookRule {
    /// Reads `webhooks` of the settings: a list of `{url, key_env?, timeout_s?, answer_bytes?}`.
    static func list(_ value: JSONValue) throws(FieldError) -> [WebhookRule] {
        guard value.kind == .array else { throw FieldError("webhooks", "must be a list of {url: https://...}") }
        var rules: [WebhookRule] = []
        for (index, element) in value.elements.enumerated() {
            let fields = try FieldReader(
                element, path: "webhooks[\(index)]", known: ["url", "key_env", "timeout_s", "answer_bytes"])
            guard let url = try fields.string("url") else { throw FieldError(fields.path("url"), "is missing") }
            let keyVariable = try fields.string("key_env")
            let timeoutSeconds = try fields.number("timeout_s", in: 0.1...3600)
            let answerBytes = try fields.integer("answer_bytes", in: 16...1 << 24)
            do throws(WebhookFault) {
                rules.append(
                    try WebhookRule(
                        url: url, keyVariable: keyVariable, timeoutSeconds: timeoutSeconds ?? 30,
                        answerBytes: answerBytes ?? 64 << 10))
            } catch {
                throw FieldError(fields.path("url"), error.description)
            }
        }
        return rules
    }
}
