import Calls
import Dialects
import Domain
import Hummingbird
import JSON
import Ledger
import Steps
import Upstream

/// OpenAI's older text completions: a chat of one message.
struct CompletionsController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("completions", use: complete)
    }

    @Sendable
    func complete(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let chat = try Self.chat(body)
        let reply = try await stepService.chat(chat, from: try context.caller(of: body)) { reply in
            try? await StoredResponse(reply.response(in: CompletionFormat(reply)))
        }
        return reply.response(in: CompletionFormat(reply))
    }

    /// Members of completions that chats have not, and whose common values change nothing.
    private static let removed = ["prompt", "suffix", "echo", "best_of", "logprobs"]

    /// The request as a chat. Throws what of it only a completion can have.
    static func chat(_ body: JSONDocument) throws(FieldError) -> ChatRequest {
        let root = body.root
        let prompts = root["prompt"].map { $0.kind == .array ? Array($0.elements) : [$0] } ?? []
        guard prompts.count == 1, let prompt = prompts[0].string else {
            throw FieldError("prompt", "must be one string: send a request for each further prompt")
        }
        if let suffix = root["suffix"]?.string, !suffix.isEmpty {
            throw FieldError("suffix", "is not known to chat models: leave it out")
        }
        if root["echo"]?.boolean == true { throw FieldError("echo", "must be false: answers come without the prompt") }
        if let count = root["n"], !count.isNull, count.integer != 1 {
            throw FieldError("n", "must be 1: several answers are given by /v1/chat/completions")
        }
        if let count = root["best_of"], !count.isNull, count.integer != 1 { throw FieldError("best_of", "must be 1") }
        if let count = root["logprobs"], !count.isNull, count.integer != 0 {
            throw FieldError("logprobs", "is known to chats only: use /v1/chat/completions")
        }
        var messages = JSONWriter(capacity: prompt.utf8.count + 64)
        messages.array { list in
            list.object { message in
                message.member("role", "user")
                message.member("content", prompt)
            }
        }
        let bytes = body.settingMembers([("messages", messages.bytes)], removing: removed)
        guard let document = try? JSONDocument(bytes) else { throw FieldError("", "the body must be a JSON object") }
        return try ChatRequest(document)
    }
}

/// OpenAI's text completions, whole and as a stream.
private struct CompletionFormat: AnswerFormat, ChatEventWriter {
    private let id: String
    private let model: String
    private let created: Int64

    init(_ reply: ChatReply) {
        id = "cmpl-" + reply.decision.id.drop { $0 != "_" }.dropFirst()
        model = (reply.model ?? reply.decision.model).rawValue
        created = reply.at.milliseconds / 1000
    }

    func whole(_ answer: ChatAnswer, openAIBytes: [UInt8]?) -> [UInt8] {
        document(text: answer.text, end: answer.finishReason ?? .stop, usage: answer.usage)
    }

    func eventWriter() -> any ChatEventWriter { self }

    mutating func write(_ event: ChatEvent) -> [UInt8] {
        let delta = event.delta
        switch event.kind {
        case .delta where delta.text.isEmpty && delta.finishReason == nil: return []
        case .delta: return SSEEvent.encode(data: document(text: delta.text, end: delta.finishReason, usage: nil))
        case .usage: return SSEEvent.encode(data: document(text: nil, end: nil, usage: delta.usage))
        case .done: return SSEEvent.encode(data: Array("[DONE]".utf8))
        case .failure(let failure): return ErrorBody.event(failure)
        case .comment(let text): return Array(": \(text)\n\n".utf8)
        }
    }

    private func document(text: String?, end: FinishReason?, usage: Usage?) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + (text?.utf8.count ?? 0))
        writer.object { body in
            body.member("id", id)
            body.member("object", "text_completion")
            body.member("created", created)
            body.member("model", model)
            body.member(
                "choices",
                array: { choices in
                    guard let text else { return }
                    choices.object { choice in
                        choice.member("text", text)
                        choice.member("index", 0)
                        choice.memberNull("logprobs")
                        choice.member("finish_reason", end?.openAIName)
                    }
                })
            guard let usage else { return }
            body.member(
                "usage",
                object: { object in
                    object.member("prompt_tokens", usage.promptTokens)
                    object.member("completion_tokens", usage.completionTokens)
                    object.member("total_tokens", usage.promptTokens + usage.completionTokens)
                })
        }
        return writer.bytes
    }
}
