import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import NIOCore

extension Response {
    /// A JSON response.
    init(json: [UInt8], status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}

extension Request {
    /// The raw body; throws 413 above the limit.
    mutating func bytes(upTo limit: Int) async throws -> [UInt8] {
        do {
            return Array(buffer: try await collectBody(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw Self.tooLarge(limit)
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw Self.tooLarge(limit)
        }
    }

    /// The error of a body above the limit.
    static func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(
            .contentTooLarge, message: "the body is larger than \(limit) bytes: send less, or raise limits.body_bytes")
    }

    /// The body, parsed as JSON.
    mutating func json(upTo limit: Int) async throws -> JSONDocument {
        try JSONDocument(Array(try await bytes(upTo: limit).withoutByteOrderMark))
    }
}

extension HTTPFields {
    /// Adds what a key has left of its limits a minute, under OpenAI's names.
    mutating func add(_ allowance: KeyAllowance) {
        for (name, part) in [("requests", allowance.requests), ("tokens", allowance.tokens)] {
            guard let part else { continue }
            let values = [
                ("limit", "\(part.limit)"), ("remaining", "\(part.remaining)"),
                ("reset", "\(Int((part.resetSeconds * 1000).rounded(.up)))ms"),
            ]
            for (kind, value) in values {
                if let field = HTTPField.Name("x-ratelimit-\(kind)-\(name)") { self[field] = value }
            }
        }
    }
}

extension HTTPField.Name {
    /// The answering model's id in the catalog.
    static let heraModel = name("x-hera-model")
    static let heraDecision = name("x-hera-decision")
    static let heraStage = name("x-hera-stage")
    /// The effort that the model was asked for.
    static let heraEffort = name("x-hera-effort")
    /// The optional sources that were sent, by name; empty if none was.
    static let heraSources = name("x-hera-sources")
    /// The settled cost in USD; absent on streams.
    static let heraCost = name("x-hera-cost-usd")
    /// The caller's session id.
    static let heraSession = name("x-hera-session")
    /// The caller's end user.
    static let heraUser = name("x-hera-user")
    /// The caller's tags, separated by commas.
    static let heraTags = name("x-hera-tags")
    /// W3C's place in a distributed trace.
    static let traceparent = name("traceparent")
    /// What tracing systems add to it.
    static let tracestate = name("tracestate")
    /// The place of the response, in the form of `traceparent`.
    static let traceresponse = name("traceresponse")
    /// The id of the trace.
    static let heraTrace = name("x-hera-trace")
    /// Identifies a request for deduplication.
    static let idempotencyKey = name("idempotency-key")
    /// Marks a replayed response.
    static let idempotentReplayed = name("idempotent-replayed")
    /// Anthropic's API version, sent by its clients with every request.
    static let anthropicVersion = name("anthropic-version")
    /// Anthropic's beta features that a client requests.
    static let anthropicBeta = name("anthropic-beta")
    /// The session id of Claude Code.
    static let claudeCodeSession = name("x-claude-code-session-id")
    /// Accuracy of a token count: `counted` or `estimated`.
    static let heraTokens = name("x-hera-tokens")
    /// Tools of a request that no model was offered.
    static let heraLeftOut = name("x-hera-left-out")
    /// Whether clients of OpenAI and Anthropic try again by themselves.
    static let shouldRetry = name("x-should-retry")
    static let referrerPolicy = name("referrer-policy")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
        return name
    }
}
