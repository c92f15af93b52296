package import Dialects
import Domain
import JSON
package import Upstream

/// A whole answer with its headers and timing.
package struct CompletedChat: Sendable {
    package let answer: ChatAnswer
    /// The server's bytes where they are in OpenAI's format.
    package let openAIBytes: [UInt8]?
    package let headers: UpstreamHeaders
    package let timing: UpstreamTiming
}

extension UpstreamClient {
    /// Limit of an error's body in bytes.
    private static let maximumFailureBytes = 64 << 10

    /// Requests of one call: the first, and one for each group of changes that its server's refusals ask for.
    private static let mostRequests = 12

    /// Sends a chat call and returns when its answer begins. A ``ChatStreamReader`` reads the body of a streamed call.
    ///
    /// Throws ``UpstreamError/status(_:)`` for an error, unless a retry without what the server refused succeeds
    /// (``RefusalReader``, ``ChatWire/conceding(_:to:)``).
    ///
    /// - Parameter memory: what the model's server has refused before, which is not sent again.
    package func open(
        _ call: ChatCall, remembering memory: MendMemory? = nil
    ) async throws(UpstreamError) -> UpstreamResponse {
        let wire = call.endpoint.wire.chat
        var call = call
        if memory?.refusesLogProbabilities(call.endpoint) == true { call.asksLogProbabilities = false }
        func send(_ call: ChatCall) async throws(UpstreamError) -> UpstreamResponse {
            try await exchange(try wire.request(call), mending: call.endpoint, memory) { request, failure in
                wire.conceding(request, to: failure)
            }
        }
        do throws(UpstreamError) {
            return try await send(call)
        } catch {
            guard call.asksLogProbabilities, error.mayRefuseLogProbabilities else { throw error }
            call.asksLogProbabilities = false
            let response = try await send(call)
            memory?.recordRefusedLogProbabilities(call.endpoint)
            return response
        }
    }

    /// Sends a request and returns its response, or throws the error in it without the key that was sent.
    package func exchange(_ request: UpstreamRequest) async throws(UpstreamError) -> UpstreamResponse {
        try await accept(try await send(request), hiding: request.secrets)
    }

    /// Sends a request without what the server of an endpoint refused before, and again without what it refuses now.
    ///
    /// - Parameter concede: the request without what its dialect may leave out; nil for anything else.
    func exchange(
        _ request: UpstreamRequest, mending endpoint: Endpoint, _ memory: MendMemory?,
        concede: (UpstreamRequest, UpstreamFailure) -> UpstreamRequest? = { _, _ in nil }
    ) async throws(UpstreamError) -> UpstreamResponse {
        var request = request
        for mend in memory?.mends(of: endpoint) ?? [] { request.apply(mend) }
        var learned: [RequestMend] = []
        for _ in 1..<Self.mostRequests {
            do throws(UpstreamError) {
                let response = try await exchange(request)
                memory?.record(learned, of: endpoint)
                return response
            } catch {
                guard case .status(let failure) = error else { throw error }
                if let other = concede(request, failure) {
                    request = other
                    continue
                }
                let mends = request.mends(after: failure).filter { !learned.contains($0) }
                guard !mends.isEmpty else { throw error }
                mends.forEach { request.apply($0) }
                learned += mends
            }
        }
        return try await exchange(request)
    }

    /// Sends a chat call without streaming and reads its whole answer.
    package func complete(
        _ call: ChatCall, remembering memory: MendMemory? = nil
    ) async throws(UpstreamError) -> CompletedChat {
        var call = call
        call.isStreaming = false
        let response = try await open(call, remembering: memory)
        let bytes = try await response.collect(upTo: call.maximumResponseBytes)
        var (answer, openAIBytes) = try call.endpoint.wire.chat.wholeAnswer(bytes, host: response.body.host)
        if call.asksLogProbabilities {
            // The client did not ask for them.
            answer.rawLogProbabilities = []
            openAIBytes = openAIBytes.map(OpenAIWire.withoutLogProbabilities)
        }
        return CompletedChat(
            answer: answer, openAIBytes: openAIBytes, headers: response.headers, timing: response.timing)
    }

    /// Returns a response with a status of success, or throws the error in it.
    ///
    /// - Parameter secrets: what was sent. The server may repeat it, the error does not.
    func accept(
        _ response: UpstreamResponse, hiding secrets: [String] = []
    ) async throws(UpstreamError) -> UpstreamResponse {
        guard !(200..<300).contains(response.status) else { return response }
        var body: [UInt8] = []
        do {
            for try await piece in response.body {
                body += piece
                if body.count >= Self.maximumFailureBytes { break }
            }
        } catch {
            // The status is known even if the body breaks off.
            guard error != .cancelled else { throw error }
        }
        response.cancel()
        let failure = FailureReader.read(status: response.status, headers: response.headers, body: body)
        throw UpstreamError.status(failure).without(secrets: secrets)
    }
}

extension UpstreamError {
    /// Whether a server may have refused a request for its log-probabilities. Not all servers name what they refuse.
    fileprivate var mayRefuseLogProbabilities: Bool {
        guard case .status(let failure) = self, !failure.isContextOverflow else { return false }
        let isNamed = failure.message.lowercased().contains("logprob")
        return [400, 422, 501].contains(failure.status) || failure.status == 500 && isNamed
    }
}

extension UpstreamRequest {
    fileprivate mutating func apply(_ mend: RequestMend) {
        guard let document = try? JSONDocument(body), let other = mend.applied(to: document) else { return }
        body = other
    }

    fileprivate func mends(after failure: UpstreamFailure) -> [RequestMend] {
        (try? JSONDocument(body)).map { RefusalReader.mends(after: failure, in: $0) } ?? []
    }
}
