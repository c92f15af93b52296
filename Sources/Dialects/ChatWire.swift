package import Domain
package import JSON
package import Upstream

/// A dialect of chat servers.
package protocol ChatWire: Sendable {
    /// The HTTP request of a call; throws ``UpstreamError/invalidRequest(reason:)`` for what the dialect cannot say.
    func request(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest

    /// The request without what the server refused by name, where that may be left out; else nil.
    func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest?

    /// Reads a complete answer.
    /// - Parameter host: the server's name, for errors.
    /// - Returns: the answer, and its bytes where they are in OpenAI's format.
    func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?)

    /// Reads the events of one stream.
    func eventReader() -> any ChatEventReader

    /// The request for the list of models that a server has.
    func modelsRequest(_ endpoint: Endpoint, key: String?) -> UpstreamRequest
}

extension ChatWire {
    package func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest? { nil }
}

/// Reads the events of one stream, and keeps the answer so far.
package protocol ChatEventReader: Sendable {
    /// The answer so far.
    var answer: ChatAnswer { get }
    /// Whether the server said that it was done.
    var isDone: Bool { get }

    /// Reads one event of the server; some say nothing of the answer.
    mutating func read(_ event: SSEEvent) -> [ChatEvent]
}

extension WireFormat {
    /// The dialect's reader and writer.
    package var chat: any ChatWire {
        switch self {
        case .openAI: OpenAIWire()
        case .anthropic: AnthropicWire()
        }
    }
}
