import Calls
import Domain
import Foundation
import JSON
import Jobs
import Ledger
import ServiceLifecycle
import Steps
import Synchronization

/// Submits a job and prints its events until it ends.
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
            Exit.printError("\(error)")
            code.withLock { $0 = 70 }
        }
    }

    private func follow() async throws {
        await services.prober.probe()
        let ledger = services.stepService.ledger
        let record = try await services.scheduler.submit(spec, from: Caller())
        var last: Int64 = 0
        var ticks = services.scheduler.feed.ticks(of: record.id).makeAsyncIterator()
        var now = record
        while true {
            now = try await services.scheduler.job(record.id)
            for event in try await ledger.read({ [last] in try $0.events(ofJob: record.id, after: last) }) {
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

/// A job's events and totals as text.
enum JobText {
    /// The text of an event; nil for types that are not shown.
    static func line(_ event: NewJobEvent) -> String? {
        guard let root = try? JSONDocument(event.data).root else { return nil }
        switch event.type {
        case "step.completed": return step(root)
        case "tool.completed":
            return
                "        \(root["name"]?.string ?? "") \(root["arguments"]?.string ?? "") = \(root["output"]?.string ?? "")"
        case "job.failed": return "failed: \(root["error"]?.string ?? "")"
        case "job.requires_action":
            let names = root["tool_calls"]?.elements.compactMap { $0["function"]?["name"]?.string } ?? []
            return "waits for outputs of: \(names.joined(separator: ", "))"
        default: return nil
        }
    }

    private static func step(_ root: JSONValue) -> String {
        let name = root["subtask"]?.string.map { " \($0)" } ?? ""
        let output = root["output"]?.string ?? ""
        let calls =
            root["tool_calls"]?.elements.compactMap { $0["function"]?["name"]?.string }.joined(separator: ", ") ?? ""
        return """
            step \(root["position"]?.integer ?? 0)\(name)  kappa \(decimals(root["kappa"], 2))  \
            \(root["answered_by"]?.string ?? "")  [\(root["stage"]?.string ?? "")]
                    \(root["reason"]?.string ?? "")
                    predicted \(figures(root["predicted"]))
                    true      \(figures(root["actual"]))
                    \(calls.isEmpty ? "" : "calls \(calls) ")\(output.replacingOccurrences(of: "\n", with: "\n        "))
            """
    }

    /// The answer, and the totals against all steps on the reference model.
    static func totals(_ document: [UInt8]) -> String {
        guard let root = try? JSONDocument(document).root, let totals = root["totals"] else { return "" }
        let output = root["output"]?.string.map { "\n\($0)\n" } ?? ""
        return """
            \(output)
            \(root["status"]?.string ?? ""): \(totals["steps"]?.integer ?? 0) steps, \(figures(totals))
            all on the reference: $\(totals["baseline_cost_usd"]?.numberText ?? "0")  \
            \(decimals(totals["baseline_latency_s"], 1)) s  \(decimals(totals["baseline_energy_j"], 1)) J
            """
    }

    private static func figures(_ value: JSONValue?) -> String {
        "$\(value?["cost_usd"]?.numberText ?? "?")  \(decimals(value?["latency_s"], 1)) s  \(decimals(value?["energy_j"], 1)) J"
    }

    private static func decimals(_ value: JSONValue?, _ count: Int) -> String {
        String(format: "%.\(count)f", value?.double ?? 0)
    }
}
