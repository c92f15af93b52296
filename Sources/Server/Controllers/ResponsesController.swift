import Calls
import Dialects
import Domain
import Hummingbird
import Ledger
import Steps
import Upstream

/// OpenAI's Responses API, answered by any model.
struct ResponsesController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("responses", use: answer)
    }

    @Sendable
    func answer(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let asked = try ResponsesRequest(body)
        let reply = try await stepService.chat(asked.chat, from: context.caller) { reply in
            try? await StoredResponse(reply.response(in: ResponsesFormat(reply, asked.frame)))
        }
        return reply.response(in: ResponsesFormat(reply, asked.frame))
    }
}

/// OpenAI's responses, and the events of their streams.
private struct ResponsesFormat: AnswerFormat {
    private let writer: ResponsesWriter

    init(_ reply: ChatReply, _ frame: ResponsesFrame) {
        let id = reply.decision.id.drop { $0 != "_" }.dropFirst()
        let model = (reply.model ?? reply.decision.model).rawValue
        writer = ResponsesWriter(id: String(id), model: model, frame: frame)
    }

    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8] { writer.body(answer) }

    func eventWriter() -> any ChatEventWriter { ResponsesEventWriter(writer) }
}
