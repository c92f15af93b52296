import Dialects
import Domain
import Routing
import Upstream

/// Calls whose answers are passed on as they come.
extension CallAttempt {
    /// A stream whose answer is over has this long to end; a kept connection is worth the wait.
    private static let patienceAtEnd = Duration.seconds(1)

    /// Passes events on as they come, and reads on for the bill when the client has gone. Throws what went wrong before
    /// anything of an answer had come: then another model may answer instead.
    func stream(
        to delivery: StreamDelivery, since started: ContinuousClock.Instant
    ) async throws(UpstreamError) -> Reading {
        let response = try await calls.upstream.open(call)
        let wire = priced.model.endpoint.wire
        var passage = StreamForwarder(delivery: delivery, model: priced.model.id, limits: calls.limits)
        if response.headers["content-type"]?.lowercased().hasPrefix("application/json") == true {
            // It was asked for a stream and gave a whole answer, or an error with a status of success.
            let bytes = try await response.collect(upTo: calls.limits.answerBytes)
            let answer = try wire.chat.answer(bytes, host: response.body.host).answer
            let writer = OpenAIWriter(id: answer.id ?? order.step.id, model: answer.model ?? "\(priced.model.id)")
            await passage.pass(writer.events(answer).filter { isForClient($0, of: delivery) }, since: started)
            return passage.reading(of: answer, failure: nil)
        }
        var reader = ChatStreamReader(wire: wire, host: response.body.host)
        var failure: UpstreamError?
        var isEnding = false
        do throws(UpstreamError) {
            var pieces = response.body.makeAsyncIterator()
            while let piece = try await pieces.next(isolation: nil) {
                let events = try reader.feed(piece)
                await passage.pass(events.filter { isForClient($0, of: delivery) }, since: started)
                if reader.isOver, !isEnding {
                    isEnding = true
                    response.end(within: Self.patienceAtEnd)
                }
                if passage.hasDrained {
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
            // Whatever became of the connection then: the answer is whole.
            failure = nil
        } else if failure == nil, !passage.isAbandoned {
            failure = .reset(host: response.body.host, bytesReceived: 1)
        }
        if let failure, !passage.hasBegun, reader.answer.isBlank { throw failure }
        return passage.reading(of: reader.answer, failure: failure?.without(secret: call.key))
    }
}

extension ChatAnswer {
    /// Whether nothing has come that somebody could read or bill.
    fileprivate var isBlank: Bool {
        text.isEmpty && toolCalls.isEmpty && thinking.isEmpty && refusal == nil && finishReason == nil && usage == nil
    }
}
