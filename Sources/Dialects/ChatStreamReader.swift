package import Domain
import JSON
package import Upstream

/// Reads a chat stream of any dialect as its bytes come.
package struct ChatStreamReader: Sendable {
    private var lines: SSEReader
    private var events: any ChatEventReader
    private let host: String
    /// Set when the server reported an error in the middle.
    package private(set) var failure: UpstreamFailure?

    /// - Parameters:
    ///   - host: the server's name, for errors.
    ///   - maximumEventBytes: the largest event that is read.
    package init(wire: WireFormat, host: String, maximumEventBytes: Int = 4 << 20) {
        lines = SSEReader(maximumEventBytes: maximumEventBytes)
        events = wire.chat.eventReader()
        self.host = host
    }

    /// What has come so far: text, tool calls with as much of their arguments as there is, usage, finish reason.
    package var answer: ChatAnswer { events.answer }

    /// Whether the answer is whole: the server said so, or named a reason for its end, and reported no error. A stream
    /// that just stops is not.
    package var isComplete: Bool { failure == nil && (events.isDone || events.answer.finishReason != nil) }

    /// Reads the next bytes; returns the events that are complete with them. Throws
    /// ``UpstreamError/malformed(host:reason:)`` for an event larger than the limit.
    package mutating func feed(_ bytes: [UInt8]) throws(UpstreamError) -> [ChatEvent] {
        let complete: [SSEEvent]
        do {
            complete = try lines.feed(bytes)
        } catch {
            throw .malformed(host: host, reason: "\(error)")
        }
        var result: [ChatEvent] = []
        result.reserveCapacity(complete.count)
        for event in complete { read(event, into: &result) }
        return result
    }

    /// Whether nothing more is to come that anybody needs: the server said so, or has given both the reason for the end
    /// and the bill.
    package var isOver: Bool { events.isDone || (events.answer.finishReason != nil && events.answer.usage != nil) }

    /// Reads what is left behind of a stream that ended without its last line break, for its usage; to be called at the
    /// end of the bytes. An event that was cut off is no JSON, and nothing is learnt of it.
    package mutating func finish() {
        _ = try? feed(Array("\n\n".utf8))
    }

    private mutating func read(_ event: SSEEvent, into result: inout [ChatEvent]) {
        // Nothing that follows an error is part of the answer.
        guard failure == nil else { return }
        for event in events.read(event) {
            if case .failure(let failure) = event.kind { self.failure = failure }
            result.append(event)
        }
    }
}
