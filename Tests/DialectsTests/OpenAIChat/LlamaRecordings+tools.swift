extension LlamaRecordings {
    /// A streamed tool call.
    static let toolCallStream = #"""
        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"cre\#
        ated":1795284807,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwen2.5-coder-1.5b-instru\#
        ct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"id":"h9LY9lfTxR\#
        URE1fX2vd6D39jsGSISaVU","type":"function","function":{"name":"calculator","arguments":"{"}}]}}],"cre\#
        ated":1795284809,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwen2.5-coder-1.5b-instru\#
        ct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"\""}}]}}],"created":1795284809,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qw\#
        en2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"expression"}}]}}],"created":1795284809,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","mo\#
        del":"qwen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk\#
        "}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"\":"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"q\#
        wen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":" \"("}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"\#
        qwen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"4"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"8"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"*"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"1"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"7"}}]}}],"created":1795284810,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":")+"}}]}}],"created":1795284811,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qw\#
        en2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"1"}}]}}],"created":1795284811,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"2"}}]}}],"created":1795284811,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwe\#
        n2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":null,"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arg\#
        uments":"\"}"}}]}}],"created":1795284811,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"q\#
        wen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[{"finish_reason":"tool_calls","index":0,"delta":{}}],"created":1795284812,"id":"ch\#
        atcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"qwen2.5-coder-1.5b-instruct","system_fingerprint":\#
        "b0-unknown","object":"chat.completion.chunk"}

        data: {"choices":[],"created":1795284812,"id":"chatcmpl-GQCR8tVjBAAK38IOtMzNDr6ohzgVdkJS","model":"q\#
        wen2.5-coder-1.5b-instruct","system_fingerprint":"b0-unknown","object":"chat.completion.chunk","usag\#
        e":{"completion_tokens":29,"prompt_tokens":218,"total_tokens":247,"prompt_tokens_details":{"cached_t\#
        okens":6}},"timings":{"cache_n":6,"prompt_n":212,"prompt_ms":12303.634,"prompt_per_token_ms":58.0360\#
        0943396226,"prompt_per_second":17.2306816018747,"predicted_n":29,"predicted_ms":4228.737,"predicted_\#
        per_token_ms":151.02632142857144,"predicted_per_second":6.6213623594941}}

        data: [DONE]
        """#
}
