import Calls
import Dialects
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Steps

/// Puts an answer's bytes, which are in OpenAI's format, into the format that its caller reads.
protocol AnswerFormat: Sendable {
    /// A complete answer.
    func whole(_ bytes: [UInt8]) throws -> [UInt8]
    /// Writes the events of one stream.
    func eventWriter() -> any ChatEventWriter
}

/// OpenAI's chat completions.
struct OpenAIFormat: AnswerFormat {
    func whole(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func eventWriter() -> any ChatEventWriter { OpenAIEventWriter() }
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
                    // Writing fails after the client has gone; the channel tells the task that reads upstream.
                    defer { reader.cancel() }
                    var events = format.eventWriter()
                    for await batch in reader {
                        var bytes: [UInt8] = []
                        for event in batch { bytes += events.write(event) }
                        if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
