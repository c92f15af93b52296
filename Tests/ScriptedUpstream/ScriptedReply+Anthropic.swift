extension ScriptedReply {
    /// A complete answer in Anthropic's format, which counts cached tokens apart. `usage` is in OpenAI's terms.
    package static func message(
        _ text: String, model: String = "scripted", usage: ScriptedUsage, stopReason: String = "end_turn"
    ) -> ScriptedReply {
        json(
            """
            {"id":"msg_1","type":"message","role":"assistant","model":\(quoted(model)),\
            "content":[{"type":"text","text":\(quoted(text))}],"stop_reason":\(quoted(stopReason)),\
            "stop_sequence":null,"usage":\(usage.anthropicJSON)}
            """,
            usage: (model, usage))
    }

    /// A streamed answer in Anthropic's format, one event per piece of text.
    package static func messageStream(
        _ pieces: [String], model: String = "scripted", usage: ScriptedUsage, delayBetween: Duration = .zero,
        stopReason: String = "end_turn"
    ) -> ScriptedReply {
        var startUsage = usage
        startUsage.completionTokens = 1
        let deltas = pieces.map {
            event("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\(quoted($0))}")
        }
        let events =
            [
                event(
                    "message_start",
                    """
                    "message":{"id":"msg_1","type":"message","role":"assistant","model":\(quoted(model)),"content":[],\
                    "usage":\(startUsage.anthropicJSON)}
                    """),
                event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            ] + deltas + [
                event("content_block_stop", "\"index\":0"),
                event(
                    "message_delta",
                    """
                    "delta":{"stop_reason":\(quoted(stopReason))},"usage":{"output_tokens":\(usage.completionTokens)}
                    """),
                event("message_stop", nil),
            ]
        return self.events(events, delayBetween: delayBetween, bill: (model, usage))
    }

    private static func event(_ type: String, _ members: String?) -> String {
        "event: \(type)\ndata: {\"type\":\"\(type)\"\(members.map { "," + $0 } ?? "")}"
    }
}

extension ScriptedUsage {
    /// The `usage` object of Anthropic's format.
    var anthropicJSON: String {
        """
        {"input_tokens":\(promptTokens - cachedTokens),"cache_creation_input_tokens":0,\
        "cache_read_input_tokens":\(cachedTokens),"output_tokens":\(completionTokens)}
        """
    }
}
