import Calls
import Dialects
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps
import Upstream

/// OpenAI's Responses API, answered by any model. Responses are kept in the ledger for `limits.response_days`.
struct ResponsesController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("responses", use: answer)
        group.post("responses/input_tokens", use: count)
        group.get("responses/{id}", use: response)
        group.get("responses/{id}/input_items", use: inputItems)
        group.delete("responses/{id}", use: delete)
    }

    @Sendable
    func answer(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let keeper = keeper(context)
        let previous = try ResponsesRequest.previous(in: body)
        let earlier = try await keeper.conversation(endingWith: previous)
        var asked = try ResponsesRequest(body, after: earlier, isStored: keeper.keepsResponses)
        let input = ResponsesRequest.items(in: body)
        let caller = try context.caller(of: body)
        while true {
            do {
                return try await respond(to: asked, from: caller) { body in
                    await keeper.keep(body, input: input, previous: previous)
                }
            } catch let error as any CodedError where error.isContextOverflow {
                guard let shorter = try asked.shortened() else { throw error }
                asked = shorter
            }
        }
    }

    private func respond(
        to asked: ResponsesRequest, from caller: Caller, keep: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws -> Response {
        let (frame, isStored) = (asked.frame, asked.isStored)
        let reply = try await stepService.chat(asked.chat, from: caller) { reply in
            try? await StoredResponse(reply.response(in: ResponsesFormat(reply, frame) { _ in }))
        }
        let format = ResponsesFormat(reply, frame) { body in
            if isStored { await keep(body) }
        }
        if case .complete(let answer, _) = reply.body { await format.keep(format.body(answer)) }
        var response = reply.response(in: format)
        if !asked.leftOut.isEmpty { response.headers[.heraLeftOut] = asked.leftOut.joined(separator: ", ") }
        return response
    }

    /// Estimates the tokens of a prompt, as routing does.
    @Sendable
    func count(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let earlier = try await keeper(context).conversation(endingWith: try ResponsesRequest.previous(in: body))
        let step = try ResponsesRequest(body, after: earlier).chat.step(id: "", runID: "", previousModel: nil)
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "response.input_tokens")
            object.member("input_tokens", step.promptTokens)
        }
        var response = Response(json: writer.bytes)
        response.headers[.heraTokens] = "estimated"
        return response
    }

    @Sendable
    func response(request: Request, context: HeraContext) async throws -> Response {
        Response(json: try await keeper(context).response(id(context)).body)
    }

    @Sendable
    func inputItems(request: Request, context: HeraContext) async throws -> Response {
        let record = try await keeper(context).response(id(context))
        var writer = JSONWriter(capacity: record.input.count + 64)
        writer.object { object in
            object.member("object", "list")
            object.member("data", raw: record.input)
            object.member("has_more", false)
        }
        return Response(json: writer.bytes)
    }

    @Sendable
    func delete(request: Request, context: HeraContext) async throws -> Response {
        let id = try id(context)
        try await keeper(context).delete(id)
        var writer = JSONWriter()
        writer.object { object in
            object.member("id", id)
            object.member("object", "response")
            object.member("deleted", true)
        }
        return Response(json: writer.bytes)
    }

    private func keeper(_ context: HeraContext) -> ResponseKeeper {
        ResponseKeeper(
            ledger: stepService.ledger, limits: stepService.settings.limits, logger: stepService.logger,
            key: context.caller.key)
    }

    private func id(_ context: HeraContext) throws -> String { try context.parameters.require("id") }
}

/// OpenAI's responses, and the events of their streams.
private struct ResponsesFormat: AnswerFormat {
    private let writer: ResponsesWriter
    /// Keeps the body of a response that has ended.
    let keep: @Sendable ([UInt8]) async -> Void

    init(_ reply: ChatReply, _ frame: ResponsesFrame, keep: @escaping @Sendable ([UInt8]) async -> Void) {
        let id = reply.decision.id.drop { $0 != "_" }.dropFirst()
        let model = (reply.model ?? reply.decision.model).rawValue
        writer = ResponsesWriter(id: String(id), model: model, frame: frame)
        self.keep = keep
    }

    func body(_ answer: ChatAnswer) -> [UInt8] { writer.body(answer) }

    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8] { body(answer) }

    func eventWriter() -> any ChatEventWriter { ResponsesEventWriter(writer) }

    func willEnd(_ writer: any ChatEventWriter) async {
        if let ended = (writer as? ResponsesEventWriter)?.ended { await keep(ended) }
    }
}
