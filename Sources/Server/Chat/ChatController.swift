import Domain
import Engine
import Hummingbird
import JSON
import Ledger

/// OpenAI's chat completions, and the decision alone.
struct ChatController {
    let engine: Engine

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
        let reply = try await engine.chat(chat, from: context.caller) { reply in
            try? await StoredResponse(reply.response(in: OpenAIFormat()))
        }
        return try reply.response(in: OpenAIFormat())
    }

    @Sendable
    func route(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: engine.settings.limits.bodyBytes)
        let withFront = body.root["pareto"]?.boolean ?? false
        let decision = try await engine.dryRun(try ChatRequest(body), from: context.caller)
        return Response(json: decision.report(withFront: withFront))
    }
}
