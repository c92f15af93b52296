/// Tokens that a reply says it used, as OpenAI counts: cached tokens are part of the prompt's, reasoning tokens of the
/// completion's.
package struct ScriptedUsage: Hashable, Sendable {
    package var promptTokens: Int
    package var cachedTokens: Int
    package var completionTokens: Int
    package var reasoningTokens: Int

    package init(promptTokens: Int, cachedTokens: Int = 0, completionTokens: Int, reasoningTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.reasoningTokens = reasoningTokens
    }

    package static func + (left: ScriptedUsage, right: ScriptedUsage) -> ScriptedUsage {
        ScriptedUsage(
            promptTokens: left.promptTokens + right.promptTokens, cachedTokens: left.cachedTokens + right.cachedTokens,
            completionTokens: left.completionTokens + right.completionTokens,
            reasoningTokens: left.reasoningTokens + right.reasoningTokens)
    }

    /// The `usage` object of OpenAI's format.
    var json: String {
        """
        {"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
        "total_tokens":\(promptTokens + completionTokens),\
        "prompt_tokens_details":{"cached_tokens":\(cachedTokens)},\
        "completion_tokens_details":{"reasoning_tokens":\(reasoningTokens)}}
        """
    }
}
