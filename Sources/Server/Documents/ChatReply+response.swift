import Calls
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Steps

/// Puts an answer's bytes, which are in OpenAI's format, into the format that its caller reads.
protocol AnswerFormat: Sendable {
    /// A complete answer.
    func whole(_ bytes: [UInt8]) throws -> [UInt8]
    /// The next bytes of a stream; what is not complete yet is kept for later ones.
    mutating func piece(_ bytes: [UInt8]) -> [UInt8]
}

/// OpenAI's own: everything goes out as it is.
struct OpenAIFormat: AnswerFormat {
    func whole(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func piece(_ bytes: [UInt8]) -> [UInt8] { bytes }
}

extension ChatReply {
    /// The response with hera's headers and the answer in a format.
    func response(in format: some AnswerFormat) throws -> Response {
        var headers: HTTPFields = [.heraDecision: decision.id, .heraStage: decision.stage.rawValue]
        if let model { headers[.heraModel] = model.rawValue }
        switch body {
        case .complete(let bytes):
            headers[.contentType] = "application/json"
            if let cost { headers[.heraCost] = cost.description }
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try format.whole(bytes))))
        case .stream(let reader):
            headers[.contentType] = "text/event-stream"
            headers[.cacheControl] = "no-cache"
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    // Writing fails when the client has gone; then the relay says so to the one who reads upstream.
                    defer { reader.cancel() }
                    var format = format
                    for await piece in reader {
                        let bytes = format.piece(piece)
                        if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
