import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Jobs
import Ledger
import NIOCore
import Steps

/// Agent jobs: submit, list, read, stream events, submit tool outputs, cancel.
struct JobsController {
    let ledger: LedgerStore
    let settings: CurrentSettings
    let scheduler: JobScheduler

    init(ledger: LedgerStore, settings: CurrentSettings, scheduler: JobScheduler) {
        self.ledger = ledger
        self.settings = settings
        self.scheduler = scheduler
    }

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("jobs", use: submit)
        group.get("jobs", use: list)
        group.get("jobs/{id}", use: job)
        group.get("jobs/{id}/events", use: events)
        group.post("jobs/{id}/tool_outputs", use: toolOutputs)
        group.post("jobs/{id}/cancel", use: cancel)
    }

    @Sendable
    func submit(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: settings.value.limits.bodyBytes)
        let spec = try JobSpec(json: body.root, basePolicy: settings.value.defaultPolicy)
        let record = try await scheduler.submit(spec, from: context.caller)
        return Response(json: try await document(record), status: .created)
    }

    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let key = context.caller.key
        let records = try await ledger.read { try $0.jobs(in: [], of: key, limit: 100) }
        var writer = JSONWriter()
        writer.object { object in
            object.member("object", "list")
            object.member(
                "data",
                array: { list in
                    for record in records {
                        list.object { job in
                            job.member("id", record.id)
                            job.member("object", "job")
                            job.member("status", record.status.rawValue)
                            job.member("created_at", record.createdAt.description)
                            job.member("updated_at", record.updatedAt.description)
                        }
                    }
                })
        }
        return Response(json: writer.bytes)
    }

    @Sendable
    func job(request: Request, context: HeraContext) async throws -> Response {
        Response(json: try await document(try await ownJob(context)))
    }

    @Sendable
    func toolOutputs(request: Request, context: HeraContext) async throws -> Response {
        var request = request
        let body = try await request.json(upTo: settings.value.limits.bodyBytes)
        let id = try await ownJob(context).id
        try await scheduler.submit(try ToolOutput.list(body.root), for: id)
        return Response(json: try await document(try await scheduler.job(id)))
    }

    @Sendable
    func cancel(request: Request, context: HeraContext) async throws -> Response {
        Response(json: try await document(try await scheduler.cancel(try await ownJob(context).id)))
    }

    /// Streams the job's events from the start (or after `Last-Event-ID`) until the job ends.
    @Sendable
    func events(request: Request, context: HeraContext) async throws -> Response {
        let id = try await ownJob(context).id
        let start = HTTPField.Name("last-event-id").flatMap { request.headers[$0] }.flatMap { Int64($0) } ?? 0
        let (ledger, settings) = (ledger, settings)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: ResponseBody { writer in
                var last = start
                var ticks = scheduler.feed.ticks(of: id).makeAsyncIterator()
                var wroteAt = ContinuousClock.now
                while true {
                    // Status is read before the events, so the end is never seen without its last event.
                    let isOver = try await ledger.read { try $0.job(id) }?.status.isFinal ?? true
                    for event in try await ledger.read({ [last] in try $0.events(ofJob: id, after: last) }) {
                        last = event.sequence
                        let bytes = SSEEvent.encode(event: event.event.type, data: event.event.data, id: String(last))
                        try await writer.write(ByteBuffer(bytes: bytes))
                        wroteAt = .now
                    }
                    if isOver { break }
                    // Keeps the connection alive and detects a disconnected client, since a paused job may wait for
                    // ever.
                    if wroteAt.duration(to: .now) >= .seconds(settings.value.limits.keepAliveSeconds) {
                        try await writer.write(ByteBuffer(string: ": nothing new\n\n"))
                        wroteAt = .now
                    }
                    _ = await ticks.next()
                }
                try await writer.finish(nil)
            })
    }

    /// The job in the request's path; another key's job is not found.
    private func ownJob(_ context: HeraContext) async throws -> JobRecord {
        let id = try context.parameters.require("id")
        let record = try await scheduler.job(id)
        guard context.caller.sees(record.attribution) else { throw ServiceError.notFound(kind: "job", id: id) }
        return record
    }

    private func document(_ record: JobRecord) async throws -> [UInt8] {
        try await JobDocument(record, from: ledger).json
    }
}
