import Domain
package import JSON

/// Features of Anthropic's interface that clients ask for in the header `anthropic-beta`.
package enum AnthropicBeta {
    /// Those that are passed on, by their names without the date, and the members of the body that each brings.
    ///
    /// None of them can make a call dearer than what is set aside for it: every byte of the prompt at the dearest class of
    /// input, and `max_tokens` of output. What is not here is left out: more context at higher prices (`context-1m`),
    /// faster answers at higher prices (`fast-mode`), answers in several rounds (`compact`, `advisor-tool`), tools that run
    /// at Anthropic (`advanced-tool-use`, `code-execution`, `mcp-client`, ...), and credentials that are not
    /// hera's (`oauth`).
    private static let admitted: [String: [String]] = [
        // Names the client.
        "claude-code": [],
        // Thinking between calls of tools is part of `max_tokens`.
        "interleaved-thinking": [],
        // Leaves the text of thinking out of the answer.
        "redact-thinking": [],
        // Arguments of calls come before they are checked.
        "fine-grained-tool-streaming": [],
        // Calls are written in fewer tokens.
        "token-efficient-tools": [],
        // Marks for caches; what is set aside is the price of the dearest kind of writing.
        "prompt-caching": [], "prompt-caching-scope": [], "extended-cache-ttl": [],
        // How much the model writes, within `max_tokens`: a member of `output_config`.
        "effort": [], "task-budgets": [],
        // A schema for the answer.
        "structured-outputs": ["output_format"],
        // Tools that the client runs; they are text and images of the prompt.
        "computer-use": [],
        // Documents and images by their id; all of the model's context is set aside for them.
        "files-api": [],
        // Old results of tools and old thinking are left out of the prompt (``isShortening(_:)``).
        "context-management": ["context_management"],
    ]

    /// What is passed on of a header's values.
    ///
    /// - Returns: the features as they were named, and the members of the body that go with them.
    package static func admitted(of values: [String]) -> (names: [String], members: Set<String>) {
        var result: (names: [String], members: Set<String>) = ([], [])
        for value in values {
            for part in value.split(separator: ",") {
                let name = part.drop { $0 == " " }.prefix { $0 != " " }
                guard let match = name.wholeMatch(of: /([a-z-]+)-[0-9]{4}-?[0-9]{2}-?[0-9]{2}/),
                    let members = admitted[String(match.1)], !result.names.contains(String(name))
                else { continue }
                result.names.append(String(name))
                result.members.formUnion(members)
            }
        }
        return result
    }

    /// Whether a `context_management` only leaves something out of the prompt; others ask the model for a summary, which is
    /// an answer of its own.
    package static func isShortening(_ management: JSONValue) -> Bool {
        let known: Set = ["clear_tool_uses_20250919", "clear_thinking_20251015"]
        return management.members.allSatisfy { $0.key == "edits" }
            && management["edits"]?.elements.allSatisfy { known.contains($0["type"]?.string ?? "") } ?? true
    }
}
