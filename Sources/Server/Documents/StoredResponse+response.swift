import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Synchronization

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
