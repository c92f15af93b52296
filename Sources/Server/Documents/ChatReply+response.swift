import Calls
import Dialects
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Steps

/// Writes answers in the dialect of a client.
protocol AnswerFormat: Sendable {
    /// Writes a complete answer.
    ///
    /// - Parameter openAIBytes: the server's bytes where they are in OpenAI's format.
    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8]
    /// Writes the events of one stream.
    func eventWriter() -> any ChatEventWriter
    /// Called when the end of a stream is written and before it is sent.
    func willEnd(_ writer: any ChatEventWriter) async
}

extension AnswerFormat {
    func willEnd(_ writer: any ChatEventWriter) async {}
}

/// OpenAI's chat completions.
struct OpenAIFormat: AnswerFormat {
    private let created: Timestamp

    init(_ reply: ChatReply) {
        created = reply.at
    }

    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8] {
        OpenAIWriter.body(of: answer, openAIBytes: openAIBytes, created: created)
    }

    func eventWriter() -> any ChatEventWriter { OpenAIEventWriter() }
}

extension ChatReply {
    /// The response with hera's headers and the answer in a format.
    func response(in format: some AnswerFormat) -> Response {
        var headers: HTTPFields = [.heraDecision: decision.id, .heraStage: decision.stage.rawValue]
        if let model { headers[.heraModel] = model.rawValue }
        if let sources = decision.candidate(model ?? decision.model)?.sources {
            headers[.heraSources] = sources.sent.joined(separator: ",")
        }
        if let effort = decision.candidate(model ?? decision.model)?.effort {
            headers[.heraEffort] = effort.level.effort.rawValue
        }
        switch body {
        case .complete(let answer, let openAIBytes):
            headers[.contentType] = "application/json"
            if let cost { headers[.heraCost] = cost.description }
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody(
                    byteBuffer: ByteBuffer(bytes: format.whole(answer, openAIBytes: openAIBytes))))
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
                        // By index: an event is large, and none is copied to be written.
                        for index in batch.indices { bytes += events.write(batch[index]) }
                        if batch.contains(where: { $0.kind == .done }) { await format.willEnd(events) }
                        if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
