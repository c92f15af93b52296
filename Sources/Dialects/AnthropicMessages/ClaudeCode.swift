import Domain
import JSON

/// What Claude Code writes into its requests besides the prompt.
enum ClaudeCode {
    /// The session that a request names: in the header `x-claude-code-session-id`, or in `metadata.user_id`, which is
    /// `{"session_id": ...}` as text or, in older versions, ends with `_session_` and the name. Nil where there is none.
    static func session(header: String?, metadata: JSONValue?) -> String? {
        if let header { return checked(header) }
        guard let user = metadata?["user_id"]?.string else { return nil }
        if let document = try? JSONDocument(Array(user.utf8)), document.root.kind == .object {
            return document.root["session_id"]?.string.flatMap(checked)
        }
        return user.ranges(of: "_session_").last.flatMap { checked(String(user[$0.upperBound...])) }
    }

    /// The user in `metadata.user_id`, without the session that Claude Code adds to it; the whole text of other clients.
    static func user(in text: String) -> String {
        if text.hasPrefix("{"), let root = try? JSONDocument(Array(text.utf8)).root {
            let names = ["account_uuid", "device_id"].compactMap { root[$0]?.string }
            return names.first { !$0.isEmpty } ?? text
        }
        return text.ranges(of: "_session_").last.map { String(text[..<$0.lowerBound]) } ?? text
    }

    private static func checked(_ name: String) -> String? {
        let isPlain = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20)
        }
        return isPlain && (1...128).contains(name.utf8.count) ? name : nil
    }

    /// Whether a block of the system prompt only tells Anthropic which client is at work. It stands at the very beginning
    /// and is another one in each request, so that with it no prompt would be like the one before: no cache would hold it,
    /// and no session would be known again.
    static func isAttribution(_ block: JSONValue) -> Bool {
        block["text"]?.string?.hasPrefix("x-anthropic-billing-header:") == true
    }
}
