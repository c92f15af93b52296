package import Domain

/// An answer to a chat call in the terms of no provider: complete, or a stream so far.
package struct ChatAnswer: Hashable, Sendable {
    /// The provider's name for the answer, or nil.
    package var id: String?
    /// The model that answered, as the server names it; nil where it does not say.
    package var model: String?
    /// The way of being served that the answer is billed at; nil where the server does not say.
    package var serviceTier: ServiceTier?
    /// The visible text; empty where the model only calls tools.
    package var text = ""
    /// The model's refusal, from servers that set it apart.
    package var refusal: String?
    package var toolCalls: [ToolCall] = []
    /// From Anthropic's servers, for calls that asked for it.
    package var thinking: [ThinkingBlock] = []
    package var finishReason: FinishReason?
    /// The provider's own name of the reason where OpenAI's format has none; else nil.
    package var nativeFinishReason: String?
    /// The stop sequence that the model met, from servers that say so.
    package var stopSequence: String?
    /// Tokens as the provider bills them; nil where it said nothing, which is not the same as zero.
    package var usage: Usage?
    /// From llama.cpp servers only.
    package var timings: ServerTimings?
    /// Natural logarithm of the probability of each token written, where the call asked for it; else nil.
    package var logProbabilities: [Double]?

    package init() {}
}
