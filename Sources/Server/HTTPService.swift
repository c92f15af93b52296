package import Batches
import Calls
import Digest
import Hummingbird
import HummingbirdCore
package import Jobs
package import Logging
import NIOCore
import ServiceLifecycle
package import Steps

/// The HTTP service: routes, middleware and the server.
package struct HTTPService: Service {
    private let application: any ApplicationProtocol & Service

    /// Timeout of idle connections, longer than clients keep theirs in pools.
    private static let idleTimeout = TimeAmount.seconds(120)

    /// - Parameters:
    ///   - key: the operator key, or nil.
    ///   - needsKey: whether requests without a key are rejected. They always are where tokens have issuers.
    ///   - metrics: exported on `/metrics`; fill it by installing it as the process' metrics factory.
    ///   - onListening: called with the port once the server accepts connections.
    package init(
        stepService: StepService, scheduler: JobScheduler, batches: BatchScheduler, host: String, port: Int,
        key: String?, needsKey: Bool, logger: Logger, metrics: PrometheusRegistry = PrometheusRegistry(),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        let connections = OpenConnections()
        let router = Self.router(
            stepService: stepService, scheduler: scheduler, batches: batches, metrics: metrics,
            connections: connections,
            access: CallerMiddleware(
                ledger: stepService.ledger, tokens: stepService.tokens,
                operatorKey: key.map { SHA256.hash(utf8: $0) },
                needsKey: needsKey || !stepService.settings.jwt.isEmpty,
                metadataTags: stepService.settings.metadataTags))
        application = Application(
            router: router,
            server: HTTPServerBuilder { responder in
                PinnedHTTP1Channel(
                    HTTP1Channel(
                        responder: responder,
                        configuration: .init(
                            additionalChannelHandlers: [ConnectionSetup(connections)],
                            idleTimeout: Self.idleTimeout)))
            },
            configuration: .init(address: .hostname(host, port: port), serverName: "hera"),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) }, logger: logger)
    }

    /// The router with all middleware and routes.
    static func router(
        stepService: StepService, scheduler: JobScheduler, batches: BatchScheduler, metrics: PrometheusRegistry,
        connections: OpenConnections, access: CallerMiddleware
    ) -> Router<HeraContext> {
        // `ErrorMiddleware` needs the route table, and middleware must be added before routes. So a first router
        // collects them.
        let routes = Router(context: HeraContext.self)
        addRoutes(
            to: routes, stepService: stepService, scheduler: scheduler, batches: batches, metrics: metrics,
            needsKey: access.needsKey)
        let router = Router(context: HeraContext.self)
        router.add(middleware: MetricsMiddleware())
        router.add(middleware: TraceMiddleware(tracer: stepService.calls.tracer))
        router.add(middleware: ErrorMiddleware(routes: RouteTable(routes)))
        router.add(middleware: access)
        let limits = stepService.settings.limits
        router.add(middleware: ConnectionMiddleware(connections: connections, bodyBytes: limits.bodyBytes))
        router.add(
            middleware: IdempotencyMiddleware(
                ledger: stepService.ledger, bodyBytes: limits.bodyBytes))
        addRoutes(
            to: router, stepService: stepService, scheduler: scheduler, batches: batches, metrics: metrics,
            needsKey: access.needsKey)
        return router
    }

    private static func addRoutes(
        to router: Router<HeraContext>, stepService: StepService, scheduler: JobScheduler, batches: BatchScheduler,
        metrics: PrometheusRegistry, needsKey: Bool
    ) {
        let (ledger, settings) = (stepService.ledger, stepService.currentSettings)
        let (models, learning) = (stepService.registry, stepService.learning)
        OperationsController(ledger: ledger, models: models, settings: settings, learning: learning)
            .addRoutes(to: router)
        MetricsController(models: models, registry: metrics, needsKey: needsKey).addRoutes(to: router)
        PagesController().addRoutes(to: router)
        let group = router.group("v1")
        // Some clients add no /v1 to a base URL, such as Anthropic's with only /messages.
        for calls in [group, router.group()] {
            ChatController(stepService: stepService).addRoutes(to: calls)
            CompletionsController(stepService: stepService).addRoutes(to: calls)
            MessagesController(stepService: stepService).addRoutes(to: calls)
            ResponsesController(stepService: stepService).addRoutes(to: calls)
            EmbeddingsController(stepService: stepService).addRoutes(to: calls)
            ModelsController(models: models, settings: settings).addRoutes(to: calls)
        }
        JobsController(ledger: ledger, settings: settings, scheduler: scheduler).addRoutes(to: group)
        FeedbackController(settings: settings, recorder: FeedbackRecorder(ledger: ledger, learning: learning))
            .addRoutes(to: group)
        DecisionsController(ledger: ledger).addRoutes(to: group)
        AccessController(ledger: ledger, settings: settings, needsKey: needsKey).addRoutes(to: group)
        InsightController(ledger: ledger, settings: settings, learning: learning).addRoutes(to: group)
        FilesController(ledger: ledger, settings: settings).addRoutes(to: group)
        BatchesController(settings: settings, scheduler: batches).addRoutes(to: group)
    }

    package func run() async throws { try await application.run() }
}
