import Domain
import HTTPTypes
import Hummingbird
import Steps

/// `GET /metrics`: request, model and process metrics for Prometheus.
struct MetricsController {
    let stepService: StepService
    let registry: PrometheusRegistry

    func addRoutes(to router: Router<HeraContext>) {
        router.get("metrics", use: metrics)
    }

    @Sendable
    func metrics(request: Request, context: HeraContext) async throws -> Response {
        var text = PrometheusText()
        ModelMetrics(fleet: stepService.fleet, moment: .now()).write(into: &text)
        ProcessMetrics().write(into: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text() + text.text)))
    }
}
