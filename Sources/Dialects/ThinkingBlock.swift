/// What a model thought before it answered, as providers give it back to be shown to the model again.
package struct ThinkingBlock: Hashable, Sendable {
    package var text: String
    /// The provider's seal, without which it does not take the block back; empty where there is none.
    package var signature: String
    /// The whole block where the provider hides the text; `text` is empty then.
    package var redacted: String?
    /// The member of a message that an OpenAI server wrote the text in (``reasoningMembers``); nil from Anthropic's.
    package var member: String?

    /// Names that servers in OpenAI's dialect give to the text of a model's reasoning.
    package static let reasoningMembers = ["reasoning_content", "reasoning"]

    package init(text: String = "", signature: String = "", redacted: String? = nil, member: String? = nil) {
        self.member = member
        self.text = text
        self.signature = signature
        self.redacted = redacted
    }
}
