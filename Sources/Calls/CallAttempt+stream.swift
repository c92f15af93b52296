import Dialects
import Domain
import Routing
import Upstream

/// Streamed calls.
extension CallAttempt {
    /// How long a stream whose answer is complete may take to end, so that its connection can be kept.
    private static let patienceAtEnd = Duration.seconds(1)

    /// Forwards events as they come, and reads on for the bill after the client has gone. Throws only before the first
    /// piece of an answer, when another model may still answer.
    func stream(
        to delivery: StreamDelivery, since started: ContinuousClock.Instant
    ) async throws(UpstreamError) -> Reading {
        let response = try await calls.upstream.open(call, remembering: calls.mends)
        let wire = priced.model.endpoint.wire
        var forwarder = StreamForwarder(delivery: delivery, model: priced.model.id, limits: calls.limits)
        if response.headers["content-type"]?.lowercased().hasPrefix("application/json") == true {
            // The server ignored `stream`: a whole answer, or an error with a status of success.
            let bytes = try await response.collect(upTo: calls.limits.answerBytes)
            let answer = try wire.chat.answer(bytes, host: response.body.host).answer
            let events = answer.events(id: prepared.step.id, model: "\(priced.model.id)")
            await forwarder.forward(events, since: started)
            return forwarder.reading(of: answer, failure: nil)
        }
        var reader = ChatStreamReader(wire: wire, host: response.body.host)
        var failure: UpstreamError?
        var isEnding = false
        do throws(UpstreamError) {
            var pieces = response.body.makeAsyncIterator()
            while let piece = try await pieces.next(isolation: nil) {
                await forwarder.forward(try reader.feed(piece), since: started)
                if reader.isOver, !isEnding {
                    isEnding = true
                    response.end(within: Self.patienceAtEnd)
                }
                if forwarder.hasDrained {
                    response.cancel()
                    break
                }
            }
        } catch {
            failure = error
        }
        reader.finish()
        if let reported = reader.failure {
            failure = .status(reported)
        } else if reader.isComplete {
            // The answer is whole, even if the connection broke after it.
            failure = nil
        } else if failure == nil, !forwarder.isAbandoned {
            failure = .reset(host: response.body.host, bytesReceived: 1)
        }
        if let failure, !forwarder.hasBegun, reader.answer.isBlank { throw failure }
        return forwarder.reading(of: reader.answer, failure: failure?.without(secret: call.key))
    }
}

extension ChatAnswer {
    /// Whether the answer has nothing to read or to bill.
    fileprivate var isBlank: Bool {
        text.isEmpty && toolCalls.isEmpty && thinking.isEmpty && refusal == nil && finishReason == nil && usage == nil
    }
}
