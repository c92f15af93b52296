import Foundation
import JSON

/// A file of secrets: one `NAME=value` a line, as systemd's `EnvironmentFile` and shells read it.
///
/// Only its owner may read it.
struct KeysFile {
    let path: String
    /// Secrets by the names of their variables.
    let values: [String: String]

    /// - Throws: `Exit` where the file cannot be read, others may read it, or a line is none.
    init(path: String) throws(Exit) {
        self.path = path
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Exit(66, "cannot read \(path) (service.keys_file): see that it exists and that you may read it")
        }
        if let mode = Self.mode(of: path), mode & 0o077 != 0 {
            throw Exit(
                65, "others may read \(path), which holds keys (mode \(String(mode, radix: 8))): chmod 600 \(path)")
        }
        var values: [String: String] = [:]
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            var text = line.drop { $0.isWhitespace }
            guard let first = text.first, first != "#" else { continue }
            if text.hasPrefix("export ") { text = text.dropFirst("export ".count) }
            guard let equals = text.firstIndex(of: "="), Self.isName(text[..<equals]) else {
                throw Exit(65, "\(path):\(index + 1): write NAME=value, for example OPENAI_API_KEY=...")
            }
            values[String(text[..<equals])] = Self.unquoted(text[text.index(after: equals)...])
        }
        self.values = values
    }

    /// The permission bits of a file; nil where there is none.
    static func mode(of path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }

    private static func isName(_ text: Substring) -> Bool {
        text.first?.isNumber == false && text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0.isLetterOrDigit }
    }

    private static func unquoted(_ text: Substring) -> String {
        var value = text
        while value.last?.isWhitespace == true { value.removeLast() }
        for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
            return String(value.dropFirst().dropLast())
        }
        return String(value)
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    fileprivate var isLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
