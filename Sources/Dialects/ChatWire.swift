package import Domain
package import JSON
package import Upstream

/// A dialect of chat servers.
package protocol ChatWire: Sendable {
    /// The HTTP request of a call; throws ``UpstreamError/invalidRequest(reason:)`` for what the dialect cannot say.
    func request(_ call: ChatCall) throws(UpstreamError) -> UpstreamRequest

    /// The request without what the server refused by name, where that may be left out; else nil.
    func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest?

    /// Reads a complete answer. An error inside it is ``ChatAnswer/failure``.
    /// - Parameter host: the server's name, for errors.
    /// - Returns: the answer, and its bytes where they are in OpenAI's format.
    func answer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?)

    /// Reads the events of one stream.
    /// - Parameter host: the server's name.
    func eventReader(host: String) -> any ChatEventReader

    /// The request for the list of models that a server has.
    func modelsRequest(_ endpoint: Endpoint, credentials: Credentials) -> UpstreamRequest
}

extension ChatWire {
    /// Reads a complete answer, or the events of a stream that a server sent instead.
    ///
    /// Throws ``UpstreamError/reset(host:bytesReceived:)`` for a stream that was cut off.
    package func wholeAnswer(
        _ body: [UInt8], host: String
    ) throws(UpstreamError) -> (answer: ChatAnswer, openAIBytes: [UInt8]?) {
        var events = body
        if BodyForm(body) != .events {
            do throws(UpstreamError) {
                return try answer(body, host: host)
            } catch {
                guard case .malformed = error, let lines = Self.lines(of: body) else { throw error }
                events = lines
            }
        }
        var reader = ChatStreamReader(self, host: host, maximumEventBytes: events.count + 1)
        _ = try reader.feed(events)
        reader.finish()
        var answer = reader.answer
        if let failure = reader.failure {
            guard !answer.isBlank else { throw .status(failure) }
            answer.failure = failure
        } else if !reader.isComplete {
            throw reader.fault ?? .reset(host: host, bytesReceived: body.count)
        }
        return (answer, nil)
    }

    /// A body of several JSON objects, one a line, as an event stream; nil for others.
    private static func lines(of body: [UInt8]) -> [UInt8]? {
        let lines = body.split { $0 == 0x0A || $0 == 0x0D }.filter { line in line.contains { $0 > 0x20 } }
        guard lines.count > 1, lines.allSatisfy({ $0.first == UInt8(ascii: "{") }) else { return nil }
        return lines.flatMap { SSEEvent.encode(data: $0) }
    }

    package func conceding(_ request: UpstreamRequest, to failure: UpstreamFailure) -> UpstreamRequest? { nil }
}

/// How the body of an answer is written, by its first bytes. Headers do not say so reliably.
package enum BodyForm: Hashable, Sendable {
    case json
    case events
    /// Neither, such as a page of a proxy.
    case other
    /// Nothing but white space so far.
    case unknown

    package init(_ body: [UInt8]) {
        let start = body.withoutByteOrderMark
        switch start.first(where: { $0 > 0x20 }) {
        case nil: self = .unknown
        case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
        default:
            let line = start.drop { $0 <= 0x20 }
            let fields = ["data:", "event:", "id:", "retry:", ":"]
            self = fields.contains { line.starts(with: $0.utf8) } ? .events : .other
        }
    }
}

extension ChatAnswer {
    /// Whether the answer has nothing to read or to bill.
    package var isBlank: Bool {
        text.isEmpty && toolCalls.isEmpty && thinking.isEmpty && refusal == nil && finishReason == nil
            && reported == nil
    }
}

/// Reads the events of one stream, and keeps the answer so far.
package protocol ChatEventReader: Sendable {
    /// The answer so far.
    var answer: ChatAnswer { get }
    /// Whether the server said that it was done.
    var isDone: Bool { get }

    /// Reads one event of the server; some say nothing of the answer.
    ///
    /// - Parameter document: its data; nil where they are no JSON.
    mutating func read(_ event: SSEEvent, _ document: JSONDocument?) -> [ChatEvent]
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
