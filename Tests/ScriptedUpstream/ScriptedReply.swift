/// The scripted server's reply to one request.
package struct ScriptedReply: Sendable {
    package var actions: [ScriptedAction]

    package init(_ actions: [ScriptedAction]) {
        self.actions = actions
    }
}

extension ScriptedReply {
    /// How a reply is truncated.
    package enum Cut: Sendable { case close, reset, hang }

    /// The same reply after a pause.
    package func delayed(by duration: Duration) -> ScriptedReply {
        ScriptedReply([.wait(duration)] + actions)
    }

    /// The same reply truncated after a number of bytes, including the head.
    package func cut(afterBytes limit: Int, by cut: Cut) -> ScriptedReply {
        var kept: [ScriptedAction] = []
        var left = limit
        for action in actions {
            if case .send(let bytes) = action {
                if !bytes.isEmpty, left > 0 { kept.append(.send(Array(bytes.prefix(left)))) }
                left -= bytes.count
                if left <= 0 { break }
            } else {
                kept.append(action)
            }
        }
        return ScriptedReply(kept + [cut.action])
    }

    /// Closes or resets the connection without a response.
    package static func nothing(_ cut: Cut) -> ScriptedReply {
        ScriptedReply([cut.action])
    }

    /// Raw bytes, then the end of the connection.
    package static func raw(_ text: String) -> ScriptedReply {
        ScriptedReply([.send(Array(text.utf8)), .close])
    }

    /// A complete response with a body of valid or invalid JSON.
    package static func json(
        _ body: String, status: Int = 200, headers: [(String, String)] = [],
        usage: (model: String, ScriptedUsage)? = nil
    ) -> ScriptedReply {
        let bill = usage.map { [ScriptedAction.bill(model: $0.model, $0.1)] } ?? []
        let fields = [("content-type", "application/json"), ("content-length", "\(body.utf8.count)")] + headers
        return ScriptedReply(bill + [.send(head(status, fields) + Array(body.utf8))])
    }

    /// A response whose Content-Length differs from its body.
    package static func wrongContentLength(_ body: String, promised: Int) -> ScriptedReply {
        ScriptedReply([.send(head(200, [("content-length", "\(promised)")]) + Array(body.utf8)), .close])
    }

    /// A body of a given size, sent in pieces as fast as the client reads.
    package static func huge(bytes: Int, declaresLength: Bool = true) -> ScriptedReply {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 10)
        let rest = [UInt8](repeating: UInt8(ascii: "x"), count: bytes % piece.count)
        let fields = declaresLength ? [("content-length", "\(bytes)")] : [("connection", "close")]
        return ScriptedReply([
            .send(head(200, fields)), .sendRepeatedly(piece, times: bytes / piece.count, pause: .zero), .send(rest),
            declaresLength ? .wait(.zero) : .close,
        ])
    }

    /// A head at once, then single bytes at intervals for ever.
    package static func drip(every pause: Duration) -> ScriptedReply {
        ScriptedReply([
            .send(head(200, [("connection", "close")])),
            .sendRepeatedly([UInt8(ascii: ".")], times: nil, pause: pause),
        ])
    }

    /// The head of a response, including its empty line.
    package static func head(_ status: Int, _ fields: [(String, String)]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")"] + fields.map { "\($0.0): \($0.1)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

extension ScriptedReply.Cut {
    fileprivate var action: ScriptedAction {
        switch self {
        case .close: .close
        case .reset: .reset
        case .hang: .hang
        }
    }
}

/// One action of the scripted server on a connection.
package enum ScriptedAction: Sendable {
    /// Writes bytes and continues once the socket has accepted them.
    case send([UInt8])
    /// Writes the same bytes repeatedly, or for ever, with a pause after each.
    case sendRepeatedly([UInt8], times: Int?, pause: Duration)
    case wait(Duration)
    /// Adds tokens of a model to the server's bill.
    case bill(model: String, ScriptedUsage)
    /// Closes the connection.
    case close
    /// Closes the connection with a TCP reset.
    case reset
    /// Waits until the client disconnects.
    case hang
}

/// Token usage of a reply, in OpenAI's terms: the prompt includes cached tokens, the completion includes reasoning.
package struct ScriptedUsage: Hashable, Sendable {
    package var promptTokens: Int
    package var cachedTokens: Int
    package var completionTokens: Int
    package var reasoningTokens: Int

    package init(promptTokens: Int, cachedTokens: Int = 0, completionTokens: Int, reasoningTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.reasoningTokens = reasoningTokens
    }

    package static func + (left: ScriptedUsage, right: ScriptedUsage) -> ScriptedUsage {
        ScriptedUsage(
            promptTokens: left.promptTokens + right.promptTokens, cachedTokens: left.cachedTokens + right.cachedTokens,
            completionTokens: left.completionTokens + right.completionTokens,
            reasoningTokens: left.reasoningTokens + right.reasoningTokens)
    }

    /// The `usage` object of OpenAI's format.
    var json: String {
        """
        {"prompt_tokens":\(promptTokens),"completion_tokens":\(completionTokens),\
        "total_tokens":\(promptTokens + completionTokens),\
        "prompt_tokens_details":{"cached_tokens":\(cachedTokens)},\
        "completion_tokens_details":{"reasoning_tokens":\(reasoningTokens)}}
        """
    }
}
