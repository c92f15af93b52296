import Calls
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Steps

/// OpenAI's embeddings from the requested model.
struct EmbeddingsController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("embeddings", use: embed)
    }

    @Sendable
    func embed(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: stepService.settings.limits.bodyBytes)
        let reply = try await stepService.embeddings(try EmbeddingsRequest(body), from: try context.caller(of: body))
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/json", .heraModel: reply.model.rawValue, .heraDecision: reply.decision.id,
                .heraStage: reply.decision.stage.rawValue, .heraCost: reply.cost.description,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
