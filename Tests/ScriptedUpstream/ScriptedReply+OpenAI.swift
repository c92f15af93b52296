extension ScriptedReply {
    /// A complete chat answer, without usage if `usage` is nil.
    package static func completion(
        _ text: String, model: String = "scripted", usage: ScriptedUsage? = nil, finishReason: String = "stop"
    ) -> ScriptedReply {
        answer(
            message: "{\"role\":\"assistant\",\"content\":\(quoted(text))}", model: model, usage: usage,
            finishReason: finishReason)
    }

    /// A complete chat answer with one tool call; `arguments` is JSON text.
    package static func toolCall(
        _ name: String, arguments: String, id: String = "call_1", model: String = "scripted",
        usage: ScriptedUsage? = nil
    ) -> ScriptedReply {
        let function = "{\"name\":\(quoted(name)),\"arguments\":\(quoted(arguments))}"
        return answer(
            message: """
                {"role":"assistant","content":null,\
                "tool_calls":[{"id":\(quoted(id)),"type":"function","function":\(function)}]}
                """,
            model: model, usage: usage, finishReason: "tool_calls")
    }

    /// A streamed chat answer, one event per piece of text. Without `endsWithDone` the stream ends without `[DONE]`.
    /// - Parameter billsFirst: bills the usage before the first piece, as providers bill tokens that a client never
    ///   reads. Otherwise it is billed when sent.
    package static func stream(
        _ pieces: [String], model: String = "scripted", usage: ScriptedUsage? = nil, delayBetween: Duration = .zero,
        finishReason: String = "stop", endsWithDone: Bool = true, billsFirst: Bool = false
    ) -> ScriptedReply {
        var events = [event(model, "{\"role\":\"assistant\",\"content\":\"\"}")]
        events += pieces.map { event(model, "{\"content\":\(quoted($0))}") }
        events.append(event(model, "{}", finishReason: finishReason))
        return stream(
            events: events, model: model, usage: usage, delayBetween: delayBetween, endsWithDone: endsWithDone,
            billsFirst: billsFirst)
    }

    /// A streamed tool call with arguments in pieces.
    package static func toolCallStream(
        _ name: String, argumentPieces: [String], id: String = "call_1", model: String = "scripted",
        usage: ScriptedUsage? = nil, delayBetween: Duration = .zero
    ) -> ScriptedReply {
        var events = [
            event(
                model,
                """
                {"role":"assistant","content":null,"tool_calls":[{"index":0,"id":\(quoted(id)),"type":"function",\
                "function":{"name":\(quoted(name)),"arguments":""}}]}
                """)
        ]
        events += argumentPieces.map {
            event(model, "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\(quoted($0))}}]}")
        }
        events.append(event(model, "{}", finishReason: "tool_calls"))
        return stream(events: events, model: model, usage: usage, delayBetween: delayBetween)
    }

    /// Events as a chunked stream: each string is one event's text (`data: {...}`) without the final empty line.
    package static func events(
        _ events: [String], status: Int = 200, delayBetween: Duration = .zero, bill: (String, ScriptedUsage)? = nil
    ) -> ScriptedReply {
        var actions: [ScriptedAction] = [
            .send(head(status, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        ]
        for event in events {
            if delayBetween > .zero { actions.append(.wait(delayBetween)) }
            actions.append(.send(chunk(event + "\n\n")))
        }
        if let bill { actions.append(.bill(model: bill.0, bill.1)) }
        return ScriptedReply(actions + [.send(Array("0\r\n\r\n".utf8))])
    }

    /// An error in OpenAI's format.
    package static func status(
        _ status: Int, message: String = "scripted error", code: String? = nil, retryAfter: String? = nil
    ) -> ScriptedReply {
        json(
            """
            {"error":{"message":\(quoted(message)),"type":"scripted_error","param":null,\
            "code":\(code.map(quoted) ?? "null")}}
            """,
            status: status, headers: retryAfter.map { [("retry-after", $0)] } ?? [])
    }

    /// The response to `GET /models`.
    package static func models(_ names: [String]) -> ScriptedReply {
        let items = names.map { "{\"id\":\(quoted($0)),\"object\":\"model\",\"owned_by\":\"scripted\"}" }
        return json("{\"object\":\"list\",\"data\":[\(items.joined(separator: ","))]}")
    }

    /// A JSON string literal.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func answer(
        message: String, model: String, usage: ScriptedUsage?, finishReason: String
    ) -> ScriptedReply {
        json(
            """
            {"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":\(quoted(model)),\
            "choices":[{"index":0,"message":\(message),"finish_reason":\(quoted(finishReason))}]\
            \(usage.map { ",\"usage\":\($0.json)" } ?? "")}
            """,
            usage: usage.map { (model, $0) })
    }

    private static func stream(
        events: [String], model: String, usage: ScriptedUsage?, delayBetween: Duration, endsWithDone: Bool = true,
        billsFirst: Bool = false
    ) -> ScriptedReply {
        var reply = self.events(events, delayBetween: delayBetween)
        let end = reply.actions.removeLast()
        if let usage {
            let bill = ScriptedAction.bill(model: model, usage)
            if billsFirst { reply.actions.insert(bill, at: 0) } else { reply.actions.append(bill) }
            reply.actions.append(
                .send(
                    chunk(
                        """
                        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,\
                        "model":\(quoted(model)),"choices":[],"usage":\(usage.json)}\n\n
                        """)))
        }
        if endsWithDone { reply.actions.append(.send(chunk("data: [DONE]\n\n"))) }
        reply.actions.append(end)
        return reply
    }

    private static func event(_ model: String, _ delta: String, finishReason: String? = nil) -> String {
        """
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":\(quoted(model)),\
        "choices":[{"index":0,"delta":\(delta),"finish_reason":\(finishReason.map(quoted) ?? "null")}]}
        """
    }

    /// One chunk in HTTP's chunked encoding.
    private static func chunk(_ text: String) -> [UInt8] {
        Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }
}
