/// Answers of a llama.cpp server (xllamacpp), recorded: Qwen2.5-Coder-1.5B-Instruct asked for the capital of France, and
/// for a sum with a calculator as its tool. The path of the model's file is shortened to its name.
enum LlamaRecordings {
    /// A complete answer.
    static let answer = #"""
        {"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"The capital o\#
        f France is Paris."}}],"created":1795283658,"model":"qwen2.5-coder-1.5b-instruct","system_fingerprin\#
        t":"b0-unknown","object":"chat.completion","usage":{"completion_tokens":8,"prompt_tokens":23,"total_\#
        tokens":31,"prompt_tokens_details":{"cached_tokens":0}},"id":"chatcmpl-x4rghKaOwU6abH1e1ctZNkGzeAPtq\#
        qtC","timings":{"cache_n":0,"prompt_n":23,"prompt_ms":816.223,"prompt_per_token_ms":35.4879565217391\#
        3,"prompt_per_second":28.178573747615545,"predicted_n":8,"predicted_ms":392.675,"predicted_per_token\#
        _ms":56.096428571428575,"predicted_per_second":17.826446807156042}}
        """#

    /// The same, with log-probabilities of its first two tokens kept.
    static let answerWithLogProbabilities = #"""
        {"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"The capital o\#
        f France is Paris."},"logprobs":{"content":[{"id":785,"token":"The","bytes":[84,104,101],"logprob":-\#
        0.057575374841690063,"top_logprobs":[{"id":785,"token":"The","bytes":[84,104,101],"logprob":-0.05757\#
        5374841690063}]},{"id":6722,"token":" capital","bytes":[32,99,97,112,105,116,97,108],"logprob":-0.00\#
        042966296314261854,"top_logprobs":[{"id":6722,"token":" capital","bytes":[32,99,97,112,105,116,97,10\#
        8],"logprob":-0.00042966296314261854}]}]}}],"created":1795283660,"model":"qwen2.5-coder-1.5b-instruc\#
        t","system_fingerprint":"b0-unknown","object":"chat.completion","usage":{"completion_tokens":8,"prom\#
        pt_tokens":23,"total_tokens":31,"prompt_tokens_details":{"cached_tokens":22}},"id":"chatcmpl-qj8CG6Y\#
        TmNv2K5myqraR8EoWhvweUqTC","timings":{"cache_n":22,"prompt_n":1,"prompt_ms":52.158,"prompt_per_token\#
        _ms":52.158,"prompt_per_second":19.172514283523142,"predicted_n":8,"predicted_ms":541.085,"predicted\#
        _per_token_ms":77.29785714285715,"predicted_per_second":12.93696923773529}}
        """#

    /// A prompt longer than the context, status 400.
    static let contextOverflow = #"""
        {"error":{"code":400,"message":"request (5031 tokens) exceeds the available context size (4096 token\#
        s), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5031,"n_ctx":4096}}
        """#

    /// A streamed answer.
    static let stream = #"""
        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"cre\#
        ated":1795283658,"id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instru\#
        ct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"The"}}],"created":1795283658,"\#
        id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_finger\#
        print":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" capital"}}],"created":1795283\#
        658,"id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_f\#
        ingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" of"}}],"created":1795283658,"\#
        id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_finger\#
        print":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" France"}}],"created":17952836\#
        58,"id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_fi\#
        ngerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" is"}}],"created":1795283658,"\#
        id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_finger\#
        print":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" Paris"}}],"created":179528365\#
        8,"id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_fin\#
        gerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"."}}],"created":1795283659,"id\#
        ":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_fingerpr\#
        int":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":1795283659,"id":"chatcmpl\#
        -se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"qwen2.5-coder-1.5b-instruct","system_fingerprint":"b0-un\#
        known","object":"chat.completion.chunk"}

        data: {"choices":[],"created":1795283659,"id":"chatcmpl-se8iLrPqpXdD1YAt4ux7dVZKAo0SkJl0","model":"q\#
        wen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk","usag\#
        e":{"completion_tokens":8,"prompt_tokens":23,"total_tokens":31,"prompt_tokens_details":{"cached_toke\#
        ns":22}},"timings":{"cache_n":22,"prompt_n":1,"prompt_ms":50.159,"prompt_per_token_ms":50.159,"promp\#
        t_per_second":19.93660160689009,"predicted_n":8,"predicted_ms":347.64,"predicted_per_token_ms":49.66\#
        285714285714,"predicted_per_second":20.135772638361523}}

        data: [DONE]
        """#
}
