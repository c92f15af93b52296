/// Recognises the errors of servers for which a prompt is too long, by code and by words.
///
/// The codes and words are those of OpenAI, Azure, Anthropic, Bedrock, Gemini, Mistral, Cohere, Groq, xAI, DeepSeek,
/// Moonshot, Qwen, Zhipu, MiniMax, GitHub Models, OpenRouter, Together, vLLM, SGLang, TGI, llama.cpp, Ollama and LM
/// Studio.
enum ContextOverflow {
    /// Error codes that mean nothing else.
    private static let codes: Set<String> = [
        "context_length_exceeded", "context_window_exceeded", "context_size_exceeded", "exceed_context_size_error",
        "contextwindowexceedederror", "context_overflow", "tokens_limit_reached", "prompt_too_long", "input_too_long",
        "max_prompt_tokens_exceeded", "model_max_prompt_tokens_exceeded", "max_context_length_exceeded",
        "token_limit_exceeded", "context_too_long", "model_context_window_exceeded",
    ]

    /// Names of the space that a prompt has. One of them with one of `limits` is an overflow.
    private static let spaces = [
        "context length", "context window", "context size", "context limit", "context_length", "context_window",
        "context budget", "n_ctx", "max_model_len", "model length", "model's context", "model context",
        "maximum context", "max context", "max_seq_len", "sequence length", "prompt length", "input length",
        "input token", "prompt token", "inputs tokens", "`inputs` tokens", "tokens in request", "model token limit",
        "token count",
        "message token length", "context the overflows", "token window", "token limit", "length of prompt",
        "length of the prompt", "prompt size", "input size", "for context", "for the context",
    ]
    private static let limits = [
        "exceed", "too long", "too large", "too big", "too many", "too small", "longer than", "larger than",
        "greater than", "more than", "less than", "accepts", "more tokens", "overflow", "not fit", "n't fit", "at most",
        "maximum", "limit",
        "only", "must be <=", "must be less", "should be [", "should be less", "not enough", "beyond", "surpass",
        "over the", "out of range", ">",
    ]

    /// Names of the prompt itself. One of them with one of `excesses` is an overflow.
    private static let prompts = [
        "prompt", "input", "message", "conversation", "request", "history", "text", "tokens",
    ]
    private static let excesses = [
        "is too long", "are too long", "too long for", "prompt too long", "input too long", "too many tokens",
        "too many input tokens", "reduce the length", "reduce your prompt", "reduce the number of tokens",
        "shorten your", "shorten the prompt", "shorten the input", "exceeds max length", "exceeds maximum length",
        "exceeds the maximum length", "exceeds the maximum number of tokens", "exceeds the maximum token",
        "exceeds token limit", "exceeds the token limit", "exceeded the token limit", "exceeds the limit of tokens",
        "exceeds the model", "exceeds model", "exceed model", "longer than the model", "more tokens than the model",
        "larger than the model", "max tokens allowed", "maximum tokens allowed", "maximum number of tokens allowed",
        "does not fit the model", "does not fit in the model",
    ]

    /// Names of the prompt that are one with a count of tokens and one of `limits`.
    private static let counted = ["prompt", "input", "message", "conversation", "history"]

    /// Words of limits that are not those of a prompt.
    private static let others = [
        ["tool_call"], [".id"], ["_id'"], [".name'"], ["'user'"], ["metadata"], ["stop sequence"], ["'stop'"],
        ["max_tokens", "less than or equal"], ["max_completion_tokens", "less than or equal"],
        ["max_tokens", "completion tokens"], ["max_tokens", "output tokens"], ["max_completion_tokens", "too large"],
        ["image"], ["rate limit"], ["per minute"], ["per day"], ["(tpm)"], ["file size"], ["logprobs"], ["bytes"],
    ]
    /// Statuses that never are about the length of a prompt: keys, payment, names, rates.
    private static let otherStatuses: Set<Int> = [401, 402, 403, 404, 408, 429]

    static func matches(status: Int, code: String?, text: String) -> Bool {
        guard !otherStatuses.contains(status) else { return false }
        if let code, codes.contains(code.lowercased()) { return true }
        let words = text.lowercased()
        func holds(_ list: [String]) -> Bool { list.contains { words.contains($0) } }
        if words.contains("maximum context length") || words.contains("prompt is too long") { return true }
        if others.contains(where: { $0.allSatisfy { words.contains($0) } }) { return false }
        return holds(spaces) && holds(limits) || holds(prompts) && holds(excesses)
            || holds(counted) && words.contains("token") && holds(limits) && words.contains { $0.isNumber }
    }
}
