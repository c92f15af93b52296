import Calls
import Digest
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Logging
import NIOCore
import Steps
import Synchronization

/// Deduplicates requests by `Idempotency-Key` across nodes, for one day. A repetition receives the first response and
/// waits for it if necessary. A failed request is forgotten, so it can be retried.
///
/// The ledger holds all state. It records the claim before execution, and the response before it is sent. After a
/// node's death the next repetition executes the request again. Reservations of the dead node are settled as uncertain.
struct IdempotencyMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let ledger: LedgerStore
    /// Limit of the request body in bytes, equal to the routes' limit.
    let bodyBytes: Int

    private static let initialDelay = Duration.milliseconds(20)
    private static let maximumDelay = Duration.milliseconds(500)
    /// Polls between two claims; a claim detects a dead node.
    private static let pollsPerClaim = 8

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .post, let name = request.headers[.idempotencyKey], !Self.isUpload(request) else {
            return try await next(request, context)
        }
        guard (1...200).contains(name.utf8.count) else {
            throw HTTPError(.badRequest, message: "Idempotency-Key must be of 1 to 200 bytes")
        }
        var request = request
        let body = try await request.bytes(upTo: bodyBytes)
        // Streams are not stored and cannot be replayed.
        if (try? JSONDocument(body))?.root["stream"]?.boolean == true { return try await next(request, context) }
        let id = Self.hex(SHA256.hash(utf8: "\(context.caller.key ?? "")\n\(request.uri.path)\n\(name)"))
        let digest = SHA256.hash(body)
        var delay = Self.initialDelay
        while true {
            switch try await claim(id, digest) {
            case .first(let claim): return try await answer(request, context, claim, next)
            case .answered(let stored): return try Self.replay(of: stored)
            case .other:
                throw HTTPError(
                    .unprocessableContent,
                    message: "this Idempotency-Key was used with another body: use a new one for a new request")
            case .underWay:
                for _ in 0..<Self.pollsPerClaim {
                    try await Task.sleep(for: delay)
                    delay = min(delay * 1.5, Self.maximumDelay)
                    if try await !isInProgress(id) { break }
                }
            }
        }
    }

    /// Uploads are streamed, and an incomplete one has no effect.
    private static func isUpload(_ request: Request) -> Bool {
        request.headers[.contentType]?.lowercased().hasPrefix("multipart/") ?? false
    }

    private func claim(_ id: String, _ digest: [UInt8]) async throws -> IdempotencyClaimResult {
        try await ledger.claimRequest(id, digest: digest, token: Identifier.digits(), at: .now())
    }

    private func isInProgress(_ id: String) async throws -> Bool {
        try await ledger.read { try $0.isUnderWay(id) }
    }

    /// Executes the request and stores its response.
    private func answer(
        _ request: Request, _ context: Context, _ claim: IdempotencyClaim,
        _ next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller.ticket = claim
        if claim.isTakenOver {
            context.logger.notice("executing a request of a dead node again", metadata: ["path": "\(request.uri.path)"])
        }
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            await ledger.abandon(claim, mayHaveMade: Self.mayHaveSideEffects(error))
            throw error
        }
        // The answer to a new key has its secret, which is never stored: a repetition is told that it was answered.
        let isSecret = context.endpointPath == AccessController.keysPath
        guard response.status.code < 400, response.headers[.contentType] != "text/event-stream" else {
            await ledger.abandon(claim, mayHaveMade: false)
            return response
        }
        let capture = try await StoredResponse.reading(response)
        do {
            try await ledger.keep(isSecret ? capture.stored.withoutBody : capture.stored, of: claim)
        } catch {
            await ledger.abandon(claim, mayHaveMade: true)
            throw error
        }
        return capture.response
    }

    /// Whether a failed request may have had side effects.
    private static func mayHaveSideEffects(_ error: any Error) -> Bool {
        guard let error = error as? LedgerError else { return false }
        if case .writesLost = error { return true }
        return error.isTemporary
    }

    private static func replay(of stored: StoredResponse) throws -> Response {
        guard let body = stored.body else {
            throw HTTPError(
                .conflict,
                message:
                    "this request was answered, and its answer is not kept: it has a secret, or more than "
                    + "\(StoredResponse.mostBytes) bytes; use a new Idempotency-Key to ask again")
        }
        var response = Response(status: .init(code: stored.status), body: .init(byteBuffer: .init(bytes: body)))
        for header in stored.headers {
            if let name = HTTPField.Name(header.name) {
                response.headers.append(HTTPField(name: name, value: header.value))
            }
        }
        response.headers[.idempotentReplayed] = "true"
        return response
    }

    private static func hex(_ digest: [UInt8]) -> String {
        digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
}

extension StoredResponse {
    /// Stores a response, reading its body.
    init(_ response: Response) async throws {
        self = try await Self.reading(response).stored
    }

    /// Reads a response's body. Returns the stored form, and an equal response to send.
    static func reading(_ response: Response) async throws -> (stored: StoredResponse, response: Response) {
        let sink = BodySink()
        try await response.body.write(sink)
        let bytes = sink.bytes
        let stored = StoredResponse(
            status: response.status.code,
            headers: response.headers.map { Header(name: $0.name.rawName, value: $0.value) },
            body: Array(buffer: bytes))
        var response = response
        response.body = ResponseBody(byteBuffer: bytes)
        return (stored, response)
    }
}

/// Collects a response's body in memory.
private final class BodySink: ResponseBodyWriter, Sendable {
    private let buffer = Mutex(ByteBuffer())

    var bytes: ByteBuffer { buffer.withLock { $0 } }

    func write(_ piece: ByteBuffer) async throws {
        buffer.withLock { _ = $0.writeImmutableBuffer(piece) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
