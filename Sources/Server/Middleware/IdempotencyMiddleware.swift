import Calls
import Crypto
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Logging
import NIOCore
import Steps
import Synchronization

/// Requests with an `Idempotency-Key` are done once, whichever nodes their tellings reach: a repetition gets the first
/// one's answer, also while that one is still under way, and for a day. A failure is forgotten, so that it can be tried
/// again.
///
/// All of it is in the ledger. A request is begun there before it is done, and its answer is written in the order of the
/// books before it is sent. Where a node dies in between, its request is done again by the next telling; what the node had
/// reserved is booked.
struct IdempotencyMiddleware: RouterMiddleware {
    typealias Context = HeraContext

    let ledger: LedgerStore
    /// A body of more bytes is refused, as by the routes.
    let bodyBytes: Int

    private static let firstPause = Duration.milliseconds(20)
    private static let longestPause = Duration.milliseconds(500)
    /// Looks between two claims, which find out whether a node has died.
    private static let looks = 8

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .post, let name = request.headers[.idempotencyKey], !Self.isUpload(request) else {
            return try await next(request, context)
        }
        guard (1...200).contains(name.utf8.count) else {
            throw HTTPError(.badRequest, message: "Idempotency-Key must be of 1 to 200 bytes")
        }
        var request = request
        let body = try await request.bytes(upTo: bodyBytes)
        // A stream is read once: there is nothing to give a second time.
        if (try? JSONDocument(body))?.root["stream"]?.boolean == true { return try await next(request, context) }
        let id = Self.hex(SHA256.hash(data: Array("\(context.caller.key ?? "")\n\(request.uri.path)\n\(name)".utf8)))
        let digest = Array(SHA256.hash(data: body))
        var pause = Self.firstPause
        while true {
            switch try await claim(id, digest) {
            case .first(let ticket): return try await answer(request, context, ticket, next)
            case .answered(let kept): return try Self.repetition(of: kept)
            case .other:
                throw HTTPError(
                    .unprocessableContent,
                    message: "this Idempotency-Key was used with another body: use a new one for a new request")
            case .underWay:
                for _ in 0..<Self.looks {
                    try await Task.sleep(for: pause)
                    pause = min(pause * 1.5, Self.longestPause)
                    if try await !isUnderWay(id) { break }
                }
            }
        }
    }

    /// Files are read piece by piece, and have to be complete before anything is made of them.
    private static func isUpload(_ request: Request) -> Bool {
        request.headers[.contentType]?.lowercased().hasPrefix("multipart/") ?? false
    }

    private func claim(_ id: String, _ digest: [UInt8]) async throws(ServiceError) -> IdempotencyClaimResult {
        do throws(LedgerError) {
            return try await ledger.claimRequest(id, digest: digest, token: Identifier.digits(), at: .now())
        } catch {
            throw .ledger(error)
        }
    }

    private func isUnderWay(_ id: String) async throws(ServiceError) -> Bool {
        do throws(LedgerError) {
            return try await ledger.read { try $0.isUnderWay(id) }
        } catch {
            throw .ledger(error)
        }
    }

    /// Does the work, and keeps what is answered.
    private func answer(
        _ request: Request, _ context: Context, _ ticket: IdempotencyClaim,
        _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller.ticket = ticket
        if ticket.isTakenOver {
            context.logger.notice("a request whose node died is done again", metadata: ["path": "\(request.uri.path)"])
        }
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            await ledger.giveUp(ticket, mayHaveMade: Self.isUnclear(error))
            throw error
        }
        guard response.status.code < 400, response.headers[.contentType] != "text/event-stream" else {
            await ledger.giveUp(ticket, mayHaveMade: false)
            return response
        }
        let kept = try await StoredResponse.reading(response)
        do throws(LedgerError) {
            try await ledger.keep(kept.answer, of: ticket)
        } catch {
            await ledger.giveUp(ticket, mayHaveMade: true)
            throw ServiceError.ledger(error)
        }
        return kept.response
    }

    /// Whether something may have been made though nobody could say so.
    private static func isUnclear(_ error: any Error) -> Bool {
        guard case .ledger(let error) = error as? ServiceError else { return false }
        if case .writesLost = error { return true }
        return error.isTemporary
    }

    private static func repetition(of kept: StoredResponse) throws -> Response {
        guard let body = kept.body else {
            throw HTTPError(
                .conflict,
                message:
                    "this request was answered, and its answer is too large to be kept (\(StoredResponse.mostBytes) "
                    + "bytes at most): use a new Idempotency-Key to ask again")
        }
        var response = Response(status: .init(code: kept.status), body: .init(byteBuffer: .init(bytes: body)))
        for header in kept.headers {
            if let name = HTTPField.Name(header.name) {
                response.headers.append(HTTPField(name: name, value: header.value))
            }
        }
        response.headers[.idempotentReplayed] = "true"
        return response
    }

    private static func hex(_ digest: SHA256Digest) -> String {
        digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
}

extension StoredResponse {
    /// An answer that is to be kept, and the response with its body read.
    init(_ response: Response) async throws {
        self = try await Self.reading(response).answer
    }

    /// Reads a response's body: what is to be kept, and the same response to be sent.
    static func reading(_ response: Response) async throws -> (answer: StoredResponse, response: Response) {
        let sink = BodySink()
        try await response.body.write(sink)
        let bytes = sink.bytes
        let answer = StoredResponse(
            status: response.status.code,
            headers: response.headers.map { Header(name: $0.name.rawName, value: $0.value) },
            body: Array(buffer: bytes))
        var response = response
        response.body = ResponseBody(byteBuffer: bytes)
        return (answer, response)
    }
}

/// Takes in what a response writes.
private final class BodySink: ResponseBodyWriter, Sendable {
    private let buffer = Mutex(ByteBuffer())

    var bytes: ByteBuffer { buffer.withLock { $0 } }

    func write(_ piece: ByteBuffer) async throws {
        buffer.withLock { _ = $0.writeImmutableBuffer(piece) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
