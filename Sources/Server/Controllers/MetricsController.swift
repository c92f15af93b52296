import Calls
import Catalog
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Routing
import Steps

/// `GET /metrics`: request, model and process metrics for Prometheus.
struct MetricsController {
    let models: ModelRegistry
    let registry: PrometheusRegistry
    /// Whether requests need a key. Then the operator's is needed here: the figures are those of all callers.
    let needsKey: Bool

    func addRoutes(to router: Router<HeraContext>) {
        router.get("metrics", use: metrics)
    }

    @Sendable
    func metrics(request: Request, context: HeraContext) async throws -> Response {
        guard !needsKey || context.isOperator else {
            throw ErrorReply(
                status: .forbidden,
                message: "/metrics shows the figures of all callers: send the operator's key (HERA_API_KEY)",
                type: "invalid_request_error", code: "operator_only")
        }
        var text = PrometheusText()
        ModelMetrics(registry: models, moment: .now()).write(into: &text)
        ProcessMetrics().write(into: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text() + text.text)))
    }
}

/// Gauges of each live model, read at scrape time.
struct ModelMetrics {
    private struct Figure: Sendable {
        let name: String
        let help: String
        let value: @Sendable (LiveRate) -> Double?
    }

    private static let figures = [
        Figure(name: "hera_model_error_rate", help: "share of recent calls that the server failed") {
            $0.errorRate
        },
        Figure(name: "hera_model_busy_slots", help: "calls in flight") { Double($0.busySlots) },
        Figure(name: "hera_model_waiting_calls", help: "calls that wait for a slot") { Double($0.waiting) },
        Figure(name: "hera_model_arrivals_per_second", help: "recent arrival rate") { $0.arrivalsPerSecond },
        Figure(name: "hera_model_service_seconds", help: "recent mean time of a call in its slot") {
            $0.serviceSeconds
        },
    ]

    let registry: ModelRegistry
    let moment: Timestamp

    func write(into text: inout PrometheusText) {
        let models = registry.catalog.models.map(\.id)
        text.begin(
            "hera_model_live", .gauge, help: "1 where the model can be called, else 0; all models of the catalog")
        for model in models {
            text.sample("hera_model_live", label(model), registry.availability(of: model) == .live ? 1 : 0)
        }
        let live = models.filter { registry.availability(of: $0) == .live }
        for figure in Self.figures {
            text.begin(figure.name, .gauge, help: figure.help)
            for model in live {
                guard let value = figure.value(registry.rate(of: model, at: moment)) else { continue }
                text.sample(figure.name, label(model), value)
            }
        }
    }

    private func label(_ model: ModelID) -> [PrometheusLabel] {
        [PrometheusLabel(name: "model", value: model.rawValue)]
    }
}

/// CPU, memory and open files of this process, under Prometheus' standard names.
struct ProcessMetrics {
    /// CPU seconds so far, in user and kernel mode.
    var cpuSeconds: Double?
    var residentBytes: Double?
    var openFiles: Double?

    /// Reads `/proc/self`; properties are nil on systems without it.
    init() {
        if let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        {
            // The name may hold spaces. After it, state is field 3, utime and stime are fields 14 and 15.
            let fields = stat[stat.index(after: name)...].split(separator: " ")
            if fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) {
                cpuSeconds = (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
            }
        }
        if let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " "),
            pages.count > 1, let resident = Double(pages[1])
        {
            residentBytes = resident * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    func write(into text: inout PrometheusText) {
        let figures: [(name: String, kind: PrometheusKind, value: Double?)] = [
            ("process_cpu_seconds_total", .counter, cpuSeconds),
            ("process_resident_memory_bytes", .gauge, residentBytes), ("process_open_fds", .gauge, openFiles),
        ]
        for figure in figures {
            guard let value = figure.value else { continue }
            text.begin(figure.name, figure.kind)
            text.sample(figure.name, [], value)
        }
    }
}
