package import Dialects
import Domain
package import Upstream

/// A whole answer, with everything that was learnt on the way.
package struct CompletedChat: Sendable {
    package let answer: ChatAnswer
    /// The server's bytes where they are in OpenAI's format.
    package let openAIBytes: [UInt8]?
    package let headers: UpstreamHeaders
    package let timing: UpstreamTiming
}

extension UpstreamClient {
    /// Bytes of an error's body that are read.
    private static let maximumFailureBytes = 64 << 10

    /// Sends a chat call and returns when its answer begins. Its body is to be read with a ``ChatStreamReader`` where the
    /// call is streamed. Throws ``UpstreamError/status(_:)`` for an answer that is an error, where leaving out what it names
    /// does not help (``ChatWire/conceding(_:to:)``).
    package func open(_ call: ChatCall) async throws(UpstreamError) -> UpstreamResponse {
        let wire = call.endpoint.wire.chat
        var request = try wire.request(call)
        while true {
            do throws(UpstreamError) {
                return try await accept(try await send(request))
            } catch {
                guard case .status(let failure) = error, let other = wire.conceding(request, to: failure) else {
                    throw error
                }
                request = other
            }
        }
    }

    /// Sends a chat call that is not streamed and reads its whole answer.
    package func complete(_ call: ChatCall) async throws(UpstreamError) -> CompletedChat {
        var call = call
        call.isStreaming = false
        let response = try await open(call)
        let bytes = try await response.collect(upTo: call.maximumResponseBytes)
        let (answer, openAIBytes) = try call.endpoint.wire.chat.answer(bytes, host: response.body.host)
        return CompletedChat(
            answer: answer, openAIBytes: openAIBytes, headers: response.headers, timing: response.timing)
    }

    /// The response where its status is one of success; else reads the error in it and throws that.
    package func accept(_ response: UpstreamResponse) async throws(UpstreamError) -> UpstreamResponse {
        guard !(200..<300).contains(response.status) else { return response }
        var body: [UInt8] = []
        do {
            for try await piece in response.body {
                body += piece
                if body.count >= Self.maximumFailureBytes { break }
            }
        } catch {
            // The status is known; an error's body that breaks off is no reason to forget it.
            guard error != .cancelled else { throw error }
        }
        response.cancel()
        throw .status(FailureReader.read(status: response.status, headers: response.headers, body: body))
    }
}
