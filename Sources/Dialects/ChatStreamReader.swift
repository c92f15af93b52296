package import Domain
import JSON
package import Upstream

/// Reads a chat stream of any dialect as its bytes come.
package struct ChatStreamReader: Sendable {
    private var lines: SSEReader
    private var events: any ChatEventReader
    private let host: String
    /// Reads the data, and joins characters that two events share.
    private var mender = JSONMender()
    /// Set when an event was no JSON, so that something of the answer is missing.
    package private(set) var fault: UpstreamError?
    /// Events that added to the answer.
    package private(set) var pieces = 0
    /// Set when the server reported an error in the middle.
    package private(set) var failure: UpstreamFailure?

    /// - Parameters:
    ///   - host: the server's name, for errors.
    ///   - maximumEventBytes: the largest event that is read.
    package init(wire: WireFormat, host: String, maximumEventBytes: Int = 4 << 20) {
        self.init(wire.chat, host: host, maximumEventBytes: maximumEventBytes)
    }

    init(_ wire: any ChatWire, host: String, maximumEventBytes: Int) {
        lines = SSEReader(maximumEventBytes: maximumEventBytes)
        events = wire.eventReader(host: host)
        self.host = host
    }

    /// What has come so far: text, tool calls with as much of their arguments as there is, usage, finish reason.
    package var answer: ChatAnswer { events.answer }

    /// Whether the answer is whole: the server said so, or named a reason for its end, and reported no error. A stream
    /// that just stops is not.
    package var isComplete: Bool {
        failure == nil && fault == nil && (events.isDone || events.answer.finishReason != nil)
    }

    /// Reads the next bytes; returns the events that are complete with them. Throws
    /// ``UpstreamError/malformed(host:reason:)`` for an event larger than the limit. Nothing is read behind a ``fault``.
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
    package var isOver: Bool {
        events.isDone || (events.answer.finishReason != nil && events.answer.reported?.countsAnswer == true)
    }

    /// Reads what is left behind of a stream that ended without its last line break, for its usage; to be called at the
    /// end of the bytes. An event that was cut off is no JSON, and nothing is learnt of it.
    package mutating func finish() {
        let before = fault
        _ = try? feed(Array("\n\n".utf8))
        fault = before
    }

    private mutating func read(_ event: SSEEvent, into result: inout [ChatEvent]) {
        // Nothing that follows an error is part of the answer.
        guard failure == nil, fault == nil else { return }
        let document = try? mender.document(event.data)
        // Some servers forget the empty line between their events.
        if document == nil, event.data.contains(0x0A) {
            for line in event.data.split(separator: 0x0A) {
                read(SSEEvent(event: event.event, data: Array(line), id: event.id), into: &result)
            }
            return
        }
        if document == nil, event.data.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
            return fault = .malformed(host: host, reason: "an event of its stream is not JSON")
        }
        for event in events.read(event, document) {
            if case .failure(let failure) = event.kind { self.failure = failure }
            if event.delta.byteCount > 0 { pieces += 1 }
            result.append(event)
        }
    }
}
