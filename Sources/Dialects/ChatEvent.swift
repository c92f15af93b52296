package import Upstream

/// One event of a chat stream, in the terms of no provider.
package struct ChatEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A piece of the answer.
        case delta
        /// The usage and nothing else. Only for clients that asked for it.
        case usage
        /// The answer is complete.
        case done
        /// The server broke off; nothing follows.
        case failure(UpstreamFailure)
        /// Keeps the connection open. Adds nothing to the answer.
        case comment(String)
    }

    package let kind: Kind
    /// What the event adds to the answer.
    package private(set) var delta: ChatDelta
    /// The data as an OpenAI server sent it, byte for byte; nil for events of other servers.
    package private(set) var openAIData: [UInt8]?
    /// Whether this is the usage of the prompt alone, before the first piece of the answer.
    package let isEarly: Bool

    package init(kind: Kind, delta: ChatDelta = ChatDelta(), openAIData: [UInt8]? = nil, isEarly: Bool = false) {
        self.kind = kind
        self.delta = delta
        self.openAIData = openAIData
        self.isEarly = isEarly
    }

    package static let done = ChatEvent(kind: .done)

    package static func comment(_ text: String) -> ChatEvent { ChatEvent(kind: .comment(text)) }

    /// A failure in hera's own terms.
    ///
    /// - Parameter code: nil for that of a model's server.
    package static func failure(message: String, code: String? = nil) -> ChatEvent {
        ChatEvent(
            kind: .failure(
                UpstreamFailure(
                    status: 0, code: code ?? ErrorBody.streamCode, message: message, retryAfterSeconds: nil,
                    isRetryable: false)))
    }

    /// Whether the event brings a piece of what the model writes: words, thinking or a call of a tool.
    package var hasToken: Bool {
        kind == .delta
            && !(delta.text.isEmpty && delta.refusal == nil && delta.thinking.isEmpty && delta.toolCalls.isEmpty)
    }

    /// Removes the log-probabilities that this service asked for and its client did not.
    package mutating func removeLogProbabilities() {
        openAIData = openAIData.map(OpenAIWire.withoutLogProbabilities)
        delta.rawLogProbabilities = []
    }

    /// About how many bytes the event holds.
    package var byteCount: Int {
        if let openAIData { return openAIData.count }
        switch kind {
        case .delta, .usage, .done: return delta.byteCount
        case .failure(let failure): return failure.message.utf8.count
        case .comment(let text): return text.utf8.count
        }
    }
}

/// Writes the events of one stream in a client's dialect.
package protocol ChatEventWriter: Sendable {
    /// Returns the server-sent events for `event`; empty where the dialect has none for it.
    mutating func write(_ event: ChatEvent) -> [UInt8]
}
