import Core
import Engine
import HTTPTypes
import Hummingbird
import NIOCore

/// OpenAI's chat completions, and the decision alone.
struct ChatController {
    let engine: Engine
    private let repeated = RepeatedRequests<ChatReply>()

    init(engine: Engine) {
        self.engine = engine
    }

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("chat/completions", use: complete)
        group.post("route", use: route)
    }

    @Sendable
    func complete(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: engine.settings.limits.bodyBytes)
        let chat = try ChatRequest(body)
        // A stream is read once: there is nothing to give a second time.
        let reply =
            chat.isStream
            ? try await engine.chat(chat, from: context.caller)
            : try await repeated.value(of: request, in: context, body: body.bytes) {
                try await engine.chat(chat, from: context.caller)
            }
        var headers: HTTPFields = [
            .heraDecision: reply.decision.id, .heraStage: reply.decision.stage.rawValue,
        ]
        if let model = reply.model { headers[.heraModel] = model.rawValue }
        switch reply.body {
        case .complete(let bytes):
            headers[.contentType] = "application/json"
            if let cost = reply.cost { headers[.heraCost] = cost.description }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let reader):
            headers[.contentType] = "text/event-stream"
            headers[.cacheControl] = "no-cache"
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    // Writing fails when the client has gone; then the relay says so to the one who reads upstream.
                    defer { reader.cancel() }
                    for await piece in reader { try await writer.write(ByteBuffer(bytes: piece)) }
                    try await writer.finish(nil)
                })
        }
    }

    @Sendable
    func route(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: engine.settings.limits.bodyBytes)
        let withFront = body.root["pareto"]?.boolean ?? false
        let decision = try engine.dryRun(try ChatRequest(body), from: context.caller)
        return Response(json: decision.report(withFront: withFront))
    }
}
