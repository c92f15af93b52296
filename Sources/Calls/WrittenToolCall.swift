package import Dialects
import Domain
import JSON
import Upstream

/// Finds tool calls that a small model wrote into its text instead of `tool_calls`.
///
/// Qwen2.5-Coder-1.5B, for example, writes a fenced JSON object with `name` and `arguments`. Only objects that name an
/// offered tool count.
package enum WrittenToolCall {
    package static func calls(in text: String, offered: [String], idPrefix: String) -> [ToolCall] {
        guard !offered.isEmpty, text.contains("{") else { return [] }
        var calls: [ToolCall] = []
        for candidate in objects(in: Array(text.utf8)) {
            guard let document = try? JSONDocument(candidate) else { continue }
            let body = document.root["function"] ?? document.root
            guard let name = body["name"]?.string, offered.contains(name),
                let arguments = body["arguments"] ?? body["parameters"]
            else { continue }
            // Some models write the arguments as a JSON string, like the wire format.
            let text = arguments.string ?? String(decoding: arguments.raw, as: UTF8.self)
            calls.append(ToolCall(id: "\(idPrefix)\(calls.count)", name: name, arguments: text))
        }
        return calls
    }

    /// The outermost ranges with balanced braces; braces in strings do not count.
    private static func objects(in bytes: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var start: Int?
        var depth = 0
        var inString = false
        var escaped = false
        for (index, byte) in bytes.enumerated() {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte
                    == UInt8(ascii: "\"")
                {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where depth > 0: inString = true
            case UInt8(ascii: "{"):
                if depth == 0 { start = index }
                depth += 1
            case UInt8(ascii: "}") where depth > 0:
                depth -= 1
                if depth == 0, let start { found.append(Array(bytes[start...index])) }
            default: break
            }
        }
        return found
    }
}
