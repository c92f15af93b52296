import Domain
import Testing

@testable import Dialects
@testable import Upstream

@Suite("A prompt that is too long")
struct ContextOverflowTests {
    private static func isOverflow(_ status: Int, _ message: String, code: String? = nil) -> Bool {
        UpstreamFailure(status: status, code: code, message: message, retryAfterSeconds: nil, isRetryable: false)
            .isContextOverflow
    }

    @Test(
        "the words of every known server are recognised",
        arguments: [
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
            "prompt is too long: 213462 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000",
            "Input is too long for requested model.",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
            "the request exceeds the available context size. try increasing the context size or enable context shift",
            "Trying to keep the first 6269 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            "Please reduce the length of the messages or completion.",
            "Range of input length should be [1, 129024]",
            "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`",
            "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
            "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
            "Requested token count exceeds the model's maximum context length of 8192 tokens.",
            "Invalid request: Your request exceeded model token limit: 8192",
            "invalid params, context window exceeds limit (2013)",
            "Prompt exceeds max length",
            "too many tokens: total number of tokens in the prompt cannot exceed 4081",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            "total message token length exceed model limit",
            "The prompt has 40000 tokens which exceeds the 32768 token window",
            "input too large: the model accepts 32768 tokens",
            "Token limit exceeded: 40000 > 32768",
            "Request too big for context: 40000/32768 tokens",
            "Input validation error: inputs must have less than 4096 tokens. Given: 5000",
            "length of prompt exceeds limit",
            "Your conversation is too long, please start a new one",
        ])
    func words(message: String) {
        #expect(Self.isOverflow(400, message))
        #expect(!Self.isOverflow(429, message))
    }

    @Test(
        "a code alone is enough",
        arguments: ["context_length_exceeded", "exceed_context_size_error", "tokens_limit_reached"])
    func codes(code: String) {
        for status in [0, 400, 413, 422, 500] { #expect(Self.isOverflow(status, "m", code: code)) }
    }

    @Test(
        "other limits are not taken for it",
        arguments: [
            "max_tokens is too large: 32000. This model supports at most 16384 completion tokens",
            "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40",
            "Invalid 'user': string too long. Expected a string with maximum length 64",
            "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum",
            "Request exceeds the maximum allowed number of bytes. The maximum request size is 32 MB.",
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            "Too many tools: at most 128 are allowed",
            "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000",
            "bad request",
            "`max_tokens` must be less than or equal to `100`, the maximum value is less than the `context_window`",
            "messages: at least one message is required",
            "Input should be a valid string",
            "top_logprobs must be at most 20",
            "temperature must be less than 2",
            "stop sequences: at most 4 inputs are allowed",
        ])
    func others(message: String) {
        #expect(!Self.isOverflow(400, message))
    }
}
