/// What the scripted server answers to one request.
package struct ScriptedReply: Sendable {
    package var actions: [ScriptedAction]

    package init(_ actions: [ScriptedAction]) {
        self.actions = actions
    }
}

extension ScriptedReply {
    /// How a reply is cut off.
    package enum Cut: Sendable { case close, reset, hang }

    /// The same reply after a pause.
    package func delayed(by duration: Duration) -> ScriptedReply {
        ScriptedReply([.wait(duration)] + actions)
    }

    /// The same reply broken off after so many bytes, the head included.
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

    /// Closes or resets the connection without a byte.
    package static func nothing(_ cut: Cut) -> ScriptedReply {
        ScriptedReply([cut.action])
    }

    /// Bytes as they are, then the end of the connection.
    package static func raw(_ text: String) -> ScriptedReply {
        ScriptedReply([.send(Array(text.utf8)), .close])
    }

    /// A complete answer with a body of JSON (or what should be JSON).
    package static func json(
        _ body: String, status: Int = 200, headers: [(String, String)] = [],
        usage: (model: String, ScriptedUsage)? = nil
    ) -> ScriptedReply {
        let bill = usage.map { [ScriptedAction.bill(model: $0.model, $0.1)] } ?? []
        let fields = [("content-type", "application/json"), ("content-length", "\(body.utf8.count)")] + headers
        return ScriptedReply(bill + [.send(head(status, fields) + Array(body.utf8))])
    }

    /// An answer that promises more (or fewer) bytes than it has, and then ends.
    package static func wrongContentLength(_ body: String, promised: Int) -> ScriptedReply {
        ScriptedReply([.send(head(200, [("content-length", "\(promised)")]) + Array(body.utf8)), .close])
    }

    /// A body of so many bytes, sent in pieces as fast as the client takes them.
    package static func huge(bytes: Int, declaresLength: Bool = true) -> ScriptedReply {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 10)
        let rest = [UInt8](repeating: UInt8(ascii: "x"), count: bytes % piece.count)
        let fields = declaresLength ? [("content-length", "\(bytes)")] : [("connection", "close")]
        return ScriptedReply([
            .send(head(200, fields)), .sendRepeatedly(piece, times: bytes / piece.count, pause: .zero), .send(rest),
            declaresLength ? .wait(.zero) : .close,
        ])
    }

    /// A head at once, then a byte now and then for ever.
    package static func drip(every pause: Duration) -> ScriptedReply {
        ScriptedReply([
            .send(head(200, [("connection", "close")])),
            .sendRepeatedly([UInt8(ascii: ".")], times: nil, pause: pause),
        ])
    }

    /// The head of an answer, its empty line included.
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

/// One thing that the scripted server does on a connection.
package enum ScriptedAction: Sendable {
    /// Writes bytes, and goes on when the socket has taken them.
    case send([UInt8])
    /// Writes the same bytes so often, or for ever, with a pause after each.
    case sendRepeatedly([UInt8], times: Int?, pause: Duration)
    case wait(Duration)
    /// Books tokens for a model on the server's own bill.
    case bill(model: String, ScriptedUsage)
    /// Ends the connection in good order.
    case close
    /// Ends the connection with a TCP reset.
    case reset
    /// Does nothing more until the client goes away.
    case hang
}

/// Tokens that a reply says it used, as OpenAI counts: cached tokens are part of the prompt's, reasoning tokens of the
/// completion's.
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
