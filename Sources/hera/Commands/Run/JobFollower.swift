import Calls
import Domain
import Jobs
import Ledger
import ServiceLifecycle
import Steps
import Synchronization

/// Submits a job, prints what happens to it, and ends with it.
final class JobFollower: Service {
    private let services: AppServices
    private let spec: JobSpec
    private let format: OutputFormat
    private let code = Mutex<Int32?>(nil)

    init(services: AppServices, spec: JobSpec, format: OutputFormat) {
        self.services = services
        self.spec = spec
        self.format = format
    }

    /// 0 completed, 70 failed, 75 waiting for a client; nil before its end.
    var exitCode: Int32? { code.withLock { $0 } }

    func run() async throws {
        do {
            try await follow()
        } catch {
            Exit.tell("\(error)")
            code.withLock { $0 = 70 }
        }
    }

    private func follow() async throws {
        await services.prober.look()
        let ledger = services.stepService.ledger
        let record = try await services.scheduler.submit(spec, from: Caller())
        var last: Int64 = 0
        var ticks = services.scheduler.feed.ticks(of: record.id).makeAsyncIterator()
        var now = record
        while true {
            now = try await services.scheduler.job(record.id)
            for event in try await ledger.read({ try $0.events(ofJob: record.id, after: last) }) {
                last = event.sequence
                if format == .text, let text = JobText.line(event.event) { print(text) }
            }
            if now.status.isFinal || now.status == .requiresAction { break }
            _ = await ticks.next()
            if Task.isShuttingDownGracefully { break }
        }
        let document = try await JobDocument(now, from: ledger)
        print(format == .json ? String(decoding: document.json, as: UTF8.self) : JobText.totals(document.json))
        code.withLock { $0 = now.status == .completed ? 0 : now.status == .requiresAction ? 75 : 70 }
    }
}
