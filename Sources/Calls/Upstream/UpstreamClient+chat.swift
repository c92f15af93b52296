package import Dialects
import Domain
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

    /// Sends a chat call and returns when its answer begins. A ``ChatStreamReader`` reads the body of a streamed call.
    ///
    /// Throws ``UpstreamError/status(_:)`` for an error, unless a retry without the rejected fields succeeds
    /// (``ChatWire/conceding(_:to:)``).
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

    /// Sends a chat call without streaming and reads its whole answer.
    package func complete(_ call: ChatCall) async throws(UpstreamError) -> CompletedChat {
        var call = call
        call.isStreaming = false
        let response = try await open(call)
        let bytes = try await response.collect(upTo: call.maximumResponseBytes)
        let (answer, openAIBytes) = try call.endpoint.wire.chat.wholeAnswer(bytes, host: response.body.host)
        return CompletedChat(
            answer: answer, openAIBytes: openAIBytes, headers: response.headers, timing: response.timing)
    }

    /// Returns a response with a status of success, or throws the error in it.
    package func accept(_ response: UpstreamResponse) async throws(UpstreamError) -> UpstreamResponse {
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
        throw .status(FailureReader.read(status: response.status, headers: response.headers, body: body))
    }
}
