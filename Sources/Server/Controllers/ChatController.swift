import Calls
import Dialects
import Domain
import Hummingbird
import JSON
import Ledger
import Steps

/// OpenAI's chat completions, and the decision alone.
struct ChatController {
    let stepService: StepService

    init(stepService: StepService) {
        self.stepService = stepService
    }

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("chat/completions", use: complete)
        group.post("route", use: route)
    }

    @Sendable
    func complete(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let chat = try ChatRequest(body)
        let reply = try await stepService.chat(chat, from: try context.caller(of: body)) { reply in
            try? await StoredResponse(reply.response(in: OpenAIFormat(reply)))
        }
        return reply.response(in: OpenAIFormat(reply))
    }

    @Sendable
    func route(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let withFront = body.root["pareto"]?.boolean ?? false
        let decision = try await stepService.dryRun(try ChatRequest(body), from: context.caller)
        return Response(json: decision.report(withFront: withFront))
    }
}
