import HTTPTypes
import Hummingbird
import Steps

/// What `model` may be.
struct ModelsController {
    let stepService: StepService

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.get("models", use: list)
    }

    /// In the form of the client's dialect. With `?all=true` also the models that are not live, and why.
    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let names = ModelList(of: stepService, withAll: request.uri.queryParameters["all"] == "true")
        return Response(json: request.headers[.anthropicVersion] == nil ? names.openAI : names.anthropic)
    }
}
