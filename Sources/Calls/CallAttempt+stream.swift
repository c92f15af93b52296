import Dialects
import Domain
import Ledger
import Routing
import Upstream

/// Streamed calls.
extension CallAttempt {
    /// How long a stream whose answer is complete may take to end, so that its connection can be kept.
    private static let patienceAtEnd = Duration.seconds(1)
    /// Bytes of white space that a body may begin with.
    private static let mostWhiteSpace = 64 << 10

    /// Forwards events as they come, and reads on for the bill after the client has gone. Throws only before the first
    /// piece of an answer, when another model may still answer.
    ///
    /// - Parameter limit: of the time to the first token. What comes before that is held back.
    func stream(
        _ response: UpstreamResponse, of call: ChatCall, to delivery: StreamDelivery, _ start: CallStart,
        _ limit: FirstTokenLimit?
    ) async throws(UpstreamError) -> Reading {
        let (wire, started) = (call.endpoint.wire, start.at)
        var forwarder = StreamForwarder(delivery: delivery, model: priced.model.id, limits: calls.limits) {
            await calls.waitForDisk(start.reservation)
        }
        var pieces = response.body.makeAsyncIterator()
        var head: [UInt8] = []
        while BodyForm(head) == .unknown, head.count < Self.mostWhiteSpace,
            let piece = try await pieces.next(isolation: nil)
        {
            head += piece
        }
        try start.take()
        let isNamedJSON = response.headers["content-type"]?.lowercased().hasPrefix("application/json") == true
        if BodyForm(head) == .json || (BodyForm(head) == .other && isNamedJSON) {
            // The server ignored `stream`: a whole answer, or an error with a status of success.
            while let piece = try await pieces.next(isolation: nil) { head += piece }
            if let limit, !limit.begin() { throw .cancelled }
            return try await whole(head, of: call, host: response.body.host, &forwarder, since: started)
        }
        var reader = ChatStreamReader(
            wire: wire, host: response.body.host, maximumEventBytes: calls.limits.answerBytes)
        var failure: UpstreamError?
        var isEnding = false
        var isStopped = false
        var early: [ChatEvent]? = limit.map { _ in [] }
        var received = response.headers.byteCount
        do throws(UpstreamError) {
            var next: [UInt8]? = head
            while let piece = next {
                received += piece.count
                var events = try reader.feed(piece)
                if call.asksLogProbabilities {
                    for index in events.indices { events[index].removeLogProbabilities() }
                }
                if let limit, let waiting = early {
                    events = waiting + events
                    if events.contains(where: \.hasToken) {
                        guard limit.begin() else { throw .cancelled }
                        early = nil
                    } else {
                        early = events
                        events = []
                    }
                }
                await forwarder.forward(events, since: started)
                if let fault = reader.fault { throw fault }
                if reader.isOver, !isEnding {
                    isEnding = true
                    response.end(within: Self.patienceAtEnd)
                }
                if forwarder.hasDrained {
                    response.cancel()
                    break
                }
                if forwarder.isAbandoned, !reader.isComplete, stops(reader.answer, pieces: reader.pieces) {
                    isStopped = true
                    response.cancel()
                    break
                }
                next = try await pieces.next(isolation: nil)
            }
        } catch {
            failure = error
        }
        reader.finish()
        if let limit, let waiting = early, reader.isComplete, limit.begin() {
            await forwarder.forward(waiting, since: started)
        }
        if let reported = reader.failure {
            failure = .status(reported)
        } else if reader.isComplete {
            // The answer is whole, even if the connection broke after it.
            failure = nil
        } else if failure == nil, !forwarder.isAbandoned {
            failure = .reset(host: response.body.host, bytesReceived: received)
        }
        if let failure, !forwarder.hasBegun, reader.answer.isBlank { throw failure }
        let ending: AnswerEnding =
            reader.isComplete ? .whole : isStopped ? .abandoned : reader.failure == nil ? .lost : .stopped
        return forwarder.reading(
            of: reader.answer, ending, pieces: reader.pieces,
            failure: failure?.without(secrets: call.credentials.secrets))
    }

    /// Whether the rest of an answer whose client has left is broken off (``AbandonedCall``).
    private func stops(_ answer: ChatAnswer, pieces: Int) -> Bool {
        switch calls.limits.abandoned {
        case .read: return false
        case .stop: return true
        case .cheaper: break
        }
        let model = priced.model
        let rates = priced.price.rates(promptTokens: prepared.step.promptTokens)
        let output = rates.price(of: .output)?.nanoUSDPerMillion ?? 0
        let answers = Candidates.shares(of: prepared.step, model).answers
        let predicted = prepared.decision.candidate(model.id)?.prediction.outputTokens.mean ?? 0
        // It is asked with each piece, so bytes are counted and no words.
        let written = (answer.readableBytes + 3) / 4
        return AbandonedAnswer(
            written: max(answers * written, pieces), predicted: Double(answers) * predicted,
            most: answers * Candidates.outputTokensAtMost(model, step: prepared.step),
            hasPromptCount: answer.reported?.countsPrompt == true, promptTokens: prepared.step.promptTokens,
            // On the operator's own hardware time counts, and tokens stand for it.
            inputPrice: output > 0 ? Double(rates.price(of: .input)?.nanoUSDPerMillion ?? 0) / 1e6 : 0,
            outputPrice: output > 0 ? Double(output) / 1e6 : 1
        ).isCheaperToStop
    }

    /// Forwards a whole answer as the events of a stream.
    private func whole(
        _ bytes: [UInt8], of call: ChatCall, host: String, _ forwarder: inout StreamForwarder,
        since started: ContinuousClock.Instant
    ) async throws(UpstreamError) -> Reading {
        var answer = try priced.model.endpoint.wire.chat.wholeAnswer(bytes, host: host).answer
        if call.asksLogProbabilities { answer.rawLogProbabilities = [] }
        if let failure = answer.failure {
            return Reading(answer: answer, firstTokenSeconds: nil, brokenBy: failure, secrets: call.credentials.secrets)
        }
        await forwarder.forward(answer.events(id: prepared.step.id, model: "\(priced.model.id)"), since: started)
        return forwarder.reading(of: answer, .whole, failure: nil)
    }
}
