/// A text that names secrets: `${NAME}` stands for an environment variable, `${file:/path}` for a file's content.
package struct SecretTemplate: Hashable, Sendable {
    /// A piece of the text.
    package enum Part: Hashable, Sendable {
        case text(String)
        case variable(String)
        /// An absolute path.
        case file(String)
    }

    /// The pieces in their order; empty for an empty text.
    package let parts: [Part]

    /// - Throws: what is wrong with the text, without repeating it: it may be a secret.
    package init(_ text: String) throws(TemplateFault) {
        guard text.utf8.count <= 4000, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw TemplateFault("must be one line of at most 4000 bytes")
        }
        var parts: [Part] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<start.lowerBound]))) }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw TemplateFault("has `${` without `}`")
            }
            parts.append(try Self.reference(rest[start.upperBound..<end]))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    private static func reference(_ name: Substring) throws(TemplateFault) -> Part {
        if name.hasPrefix("file:") {
            let path = String(name.dropFirst("file:".count))
            guard path.hasPrefix("/") else { throw TemplateFault("must name a file by its whole path, from / on") }
            return .file(path)
        }
        let isName = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard isName, name.first?.isNumber == false else {
            throw TemplateFault("has a reference that is neither ${NAME} nor ${file:/path}")
        }
        return .variable(String(name))
    }

    /// Whether a part of the text comes from elsewhere.
    package var hasSecrets: Bool {
        parts.contains { if case .text = $0 { false } else { true } }
    }
}

/// What is wrong with the text of a header field.
package struct TemplateFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The fault, without the text.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
