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
