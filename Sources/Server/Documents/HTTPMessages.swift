import Domain
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension Response {
    /// A response of JSON text.
    init(json: [UInt8], status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}

extension Request {
    /// The body as it came, up to a limit; throws 413 with words for the caller above it.
    mutating func bytes(upTo limit: Int) async throws -> [UInt8] {
        do {
            return Array(buffer: try await collectBody(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw HTTPError(
                .contentTooLarge,
                message: "the body is larger than \(limit) bytes: send less, or raise limits.body_bytes")
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw HTTPError(
                .contentTooLarge,
                message: "the body is larger than \(limit) bytes: send less, or raise limits.body_bytes")
        }
    }

    /// The body as JSON.
    mutating func json(upTo limit: Int) async throws -> JSONDocument {
        try JSONDocument(try await bytes(upTo: limit))
    }
}

extension HTTPField.Name {
    /// The catalog's model that answered.
    static let heraModel = name("x-hera-model")
    static let heraDecision = name("x-hera-decision")
    static let heraStage = name("x-hera-stage")
    /// The true cost in USD, on answers that are not streamed.
    static let heraCost = name("x-hera-cost-usd")
    /// The run that a call belongs to, named by the caller.
    static let heraSession = name("x-hera-session")
    /// Names a request, so that a repetition is not done twice.
    static let idempotencyKey = name("idempotency-key")
    /// On an answer that was given to an earlier telling of the request.
    static let idempotentReplayed = name("idempotent-replayed")
    /// What Anthropic's clients send with every request.
    static let anthropicVersion = name("anthropic-version")
    /// Features of Anthropic's interface that a client asks for.
    static let anthropicBeta = name("anthropic-beta")
    /// What Claude Code calls its session.
    static let claudeCodeSession = name("x-claude-code-session-id")
    /// On a count of tokens: `counted` or `estimated`.
    static let heraTokens = name("x-hera-tokens")
    static let referrerPolicy = name("referrer-policy")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
        return name
    }
}
