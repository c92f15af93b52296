import Calls
import Dialects
import Domain
import Hummingbird
import JSON
import Ledger
import Steps
import Upstream

/// Anthropic's Messages API, answered by any model.
struct MessagesController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("messages", use: answer)
        group.post("messages/count_tokens", use: count)
    }

    @Sendable
    func answer(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let message = try MessagesRequest(
            body, betas: request.headers[values: .anthropicBeta], session: request.headers[.claudeCodeSession])
        var caller = try context.caller(of: body)
        caller.clientSession = message.session
        let reply = try await stepService.chat(message.chat, from: caller) { reply in
            try? await StoredResponse(reply.response(in: AnthropicFormat(reply)))
        }
        return reply.response(in: AnthropicFormat(reply))
    }

    /// Counts the tokens of a prompt. `x-hera-tokens` says whether they are counted or estimated.
    @Sendable
    func count(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let count = try await stepService.promptTokens(of: try TokenCountRequest(body), from: context.caller)
        var writer = JSONWriter()
        writer.object { $0.member("input_tokens", count.tokens) }
        var response = Response(json: writer.bytes)
        response.headers[.heraTokens] = count.isEstimate ? "estimated" : "counted"
        return response
    }
}

/// Anthropic's messages, and the events of its streams.
private struct AnthropicFormat: AnswerFormat {
    private let id: String
    private let model: String
    private let promptTokens: Int

    init(_ reply: ChatReply) {
        id = "msg_" + reply.decision.id.drop { $0 != "_" }.dropFirst()
        model = (reply.model ?? reply.decision.model).rawValue
        promptTokens = reply.promptTokens
    }

    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8] {
        AnthropicWriter(answer, id: id, model: model).body(answer, promptTokens: promptTokens)
    }

    func eventWriter() -> any ChatEventWriter {
        AnthropicEventWriter(id: id, model: model, promptTokens: promptTokens)
    }
}
