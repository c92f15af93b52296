import Foundation

/// One row of a batch, as the scripted server received it.
package struct ScriptedBatchRow: Hashable, Sendable {
    package let customID: String
    /// The path that the row is for; empty at Anthropic, where it is always the same.
    package let path: String
    package let model: String
    /// The text of the last message.
    package let prompt: String
    /// The request itself.
    package let body: [UInt8]
    package let isStreaming: Bool
    /// The limit of the answer; nil where the row names none.
    package let maximumOutputTokens: Int?

    /// Reads OpenAI's line or Anthropic's element; nil where it is neither.
    init?(_ object: Any) {
        guard let object = object as? [String: Any], let customID = object["custom_id"] as? String,
            let body = (object["body"] ?? object["params"]) as? [String: Any],
            let model = body["model"] as? String, let messages = body["messages"] as? [[String: Any]],
            let bytes = try? JSONSerialization.data(withJSONObject: body, options: .sortedKeys)
        else { return nil }
        self.customID = customID
        path = object["url"] as? String ?? ""
        self.model = model
        self.body = Array(bytes)
        isStreaming = body["stream"] as? Bool ?? false
        maximumOutputTokens = body["max_tokens"] as? Int
        let content = messages.last?["content"]
        prompt = content as? String ?? (content as? [[String: Any]])?.last?["text"] as? String ?? ""
    }

    /// The rows of a file in OpenAI's format; nil where a line is none.
    static func lines(_ bytes: some Sequence<UInt8>) -> [ScriptedBatchRow]? {
        let lines = Array(bytes).split(separator: 0x0A)
        let rows = lines.compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line))).flatMap { ScriptedBatchRow($0) }
        }
        return rows.count == lines.count ? rows : nil
    }

    /// The rows of Anthropic's request; nil where one is none.
    static func requests(_ bytes: [UInt8]) -> [ScriptedBatchRow]? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let requests = object["requests"] as? [Any]
        else { return nil }
        let rows = requests.compactMap { ScriptedBatchRow($0) }
        return rows.count == requests.count ? rows : nil
    }
}
