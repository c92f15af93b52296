package import Domain
package import Upstream

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
    /// Thinking of Anthropic's models, and reasoning that other servers give as text.
    package var thinking: [ThinkingBlock] = []
    /// Other members of the message, which the provider may want back.
    package var extra = ExtraMembers()
    /// The host of the server that may want members back; nil where there are none.
    package var origin: String?
    package var finishReason: FinishReason?
    /// The provider's own name of the reason where OpenAI's format has none; else nil.
    package var nativeFinishReason: String?
    /// The stop sequence that the model met, from servers that say so.
    package var stopSequence: String?
    /// The server's counts of tokens; nil where it counted nothing.
    package var reported: ReportedUsage?
    /// The error that the server put in place of the end of its answer.
    package var failure: UpstreamFailure?
    /// From llama.cpp servers only.
    package var timings: ServerTimings?
    /// The tokens written with their probabilities, where the call asked for them; else nil.
    package var logProbabilities: [TokenProbability]?
    /// The same as the server wrote them, each token a JSON object with its alternatives.
    package var rawLogProbabilities: [[UInt8]] = []

    package init() {}
}

extension ChatAnswer {
    /// Tokens as the provider bills them, as far as it counted them; nil where it said nothing.
    package var usage: Usage? {
        get { reported?.believed }
        set { reported = newValue.map { ReportedUsage(usage: $0) } }
    }

    /// An estimate of the tokens that the server wrote, from what has come: text, thinking and calls of tools.
    ///
    /// A token has about four bytes, and a word no fewer than one token. 0 where nothing has come.
    package var writtenTokens: Int {
        let texts = readableTexts + thinking.compactMap(\.redacted)
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        return max((bytes + 3) / 4, texts.reduce(0) { $0 + Self.words(in: $1) })
    }

    /// Bytes of text, thinking and calls of tools that have come, without thinking that is encrypted.
    package var readableBytes: Int { readableTexts.reduce(0) { $0 + $1.utf8.count } }

    private var readableTexts: [String] {
        [text, refusal ?? ""] + thinking.map(\.text) + toolCalls.flatMap { [$0.name, $0.arguments] }
    }

    private static func words(in text: String) -> Int {
        var count = 0
        var isInWord = false
        for byte in text.utf8 {
            let isSpace = byte <= 0x20
            if !isSpace, !isInWord { count += 1 }
            isInWord = !isSpace
        }
        return count
    }
}
