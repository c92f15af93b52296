import JSON

/// The members of a request that limit the length of its answer.
enum AnswerLimit {
    /// OpenAI's names, the newer one first.
    static let openAI = ["max_completion_tokens", "max_tokens"]
    /// Names of single servers. They are not passed on.
    static let others = [
        "n_predict", "num_predict", "max_new_tokens", "max_output_tokens", "max_gen_len", "max_tokens_to_sample",
    ]
    static let names = openAI + others

    /// The limit under another name than OpenAI's; nil where there is none.
    static func other(_ root: JSONValue) -> Int? {
        others.lazy.compactMap { root[$0]?.integer }.first { (1..<1 << 40).contains($0) }.map { Int($0) }
    }
}
