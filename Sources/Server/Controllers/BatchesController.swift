import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// OpenAI's batches: creates, lists, reads and cancels them.
struct BatchesController {
    let settings: CurrentSettings
    let scheduler: BatchScheduler

    private static let maximumPageSize = 100
    private static let standardPageSize = 20

    init(settings: CurrentSettings, scheduler: BatchScheduler) {
        self.settings = settings
        self.scheduler = scheduler
    }

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("batches", use: create)
        group.get("batches", use: list)
        group.get("batches/{id}", use: batch)
        group.post("batches/{id}/cancel", use: cancel)
    }

    @Sendable
    func create(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: settings.value.limits.bodyBytes)
        let submission = try BatchSubmission(
            json: body.root, ifShort: ShortfallRule(settings.value.defaultPolicy.onInfeasible))
        let record = try await scheduler.submit(submission, from: context.caller)
        return Response(json: try await scheduler.document(record).json)
    }

    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let page = try ListPage(request, maximum: Self.maximumPageSize, standard: Self.standardPageSize)
        let records = try await scheduler.batches(page.query(for: context.caller))
        var documents: [(id: String, document: BatchDocument)] = []
        for record in records { documents.append((record.id, try await scheduler.document(record))) }
        return Response(json: page.document(of: documents, id: \.id) { $0.document.write(into: &$1) })
    }

    @Sendable
    func batch(request: Request, context: HeraContext) async throws -> Response {
        let record = try await scheduler.batch(id(context), for: context.caller)
        return Response(json: try await scheduler.document(record).json)
    }

    @Sendable
    func cancel(request: Request, context: HeraContext) async throws -> Response {
        let record = try await scheduler.cancel(id(context), for: context.caller)
        return Response(json: try await scheduler.document(record).json)
    }

    private func id(_ context: HeraContext) throws -> String { try context.parameters.require("id") }
}
