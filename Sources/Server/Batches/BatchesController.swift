import Domain
import Engine
import HTTPTypes
import Hummingbird
import JSON
import Ledger

/// OpenAI's batches: many requests of a file under one budget.
struct BatchesController {
    let engine: Engine
    let desk: BatchScheduler

    private static let mostListed = 100
    private static let usuallyListed = 20

    init(engine: Engine, desk: BatchScheduler) {
        self.engine = engine
        self.desk = desk
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
        let body = try await request.json(upTo: engine.settings.limits.bodyBytes)
        let order = try BatchSubmission(
            json: body.root, ifShort: ShortfallRule(engine.settings.defaultPolicy.onInfeasible))
        let record = try await desk.submit(order, from: context.caller)
        return Response(json: try await desk.document(record).json)
    }

    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let page = try ListPage(request, most: Self.mostListed, usual: Self.usuallyListed)
        let records = try await desk.batches(page.query(for: context.caller))
        var documents: [(id: String, document: BatchDocument)] = []
        for record in records { documents.append((record.id, try await desk.document(record))) }
        return Response(json: page.document(of: documents, id: \.id) { $0.document.write(into: &$1) })
    }

    @Sendable
    func batch(request: Request, context: HeraContext) async throws -> Response {
        let record = try await desk.batch(id(context), for: context.caller)
        return Response(json: try await desk.document(record).json)
    }

    @Sendable
    func cancel(request: Request, context: HeraContext) async throws -> Response {
        let record = try await desk.cancel(id(context), for: context.caller)
        return Response(json: try await desk.document(record).json)
    }

    private func id(_ context: HeraContext) throws -> String { try context.parameters.require("id") }
}
