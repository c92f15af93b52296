import Batches
import CoreMetrics
import HTTPTypes
import Hummingbird
import Jobs
import ScriptedUpstream
import Steps
import Testing
import Upstream

@testable import Server

@Suite("Metrics, pages and the description of the interface")
struct MetricsTests {
    @Test("counters, gauges and histograms are written as Prometheus reads them")
    func exposition() {
        let registry = PrometheusRegistry()
        CoreMetrics.Counter(label: "hera.calls", dimensions: [("model", "a\"b\\c\nd")], factory: registry).increment(
            by: 3)
        CoreMetrics.Counter(label: "hera.calls", dimensions: [("model", "z")], factory: registry).increment()
        FloatingPointCounter(label: "hera_cost_usd", factory: registry).increment(by: 0.25)
        Meter(label: "busy", dimensions: [("0x", "1")], factory: registry).set(7)
        let timer = CoreMetrics.Timer(
            label: "hera_call", dimensions: [], preferredDisplayUnit: .seconds, factory: registry)
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(400_000_000_000)
        let text = registry.text()
        #expect(text.contains("# TYPE hera_calls_total counter\nhera_calls_total{model=\"a\\\"b\\\\c\\nd\"} 3\n"))
        #expect(text.contains("hera_calls_total{model=\"z\"} 1\n"))
        #expect(text.contains("# TYPE hera_cost_usd_total counter\nhera_cost_usd_total 0.25\n"))
        #expect(text.contains("# TYPE busy gauge\nbusy{_0x=\"1\"} 7\n"))
        #expect(text.contains("# TYPE hera_call_seconds histogram\n"))
        #expect(text.contains("hera_call_seconds_bucket{le=\"0.001\"} 0\nhera_call_seconds_bucket{le=\"0.0025\"} 1\n"))
        #expect(text.contains("hera_call_seconds_bucket{le=\"300.0\"} 1\nhera_call_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.contains("hera_call_seconds_sum 400.002\nhera_call_seconds_count 2\n"))
    }

    @Test("the same name and labels are one series, in any order of labels")
    func sameSeries() {
        let registry = PrometheusRegistry()
        CoreMetrics.Counter(label: "x", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        CoreMetrics.Counter(label: "x", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.text() == "# TYPE x_total counter\nx_total{a=\"1\",b=\"2\"} 2\n")
    }

    @Test("/metrics shows live models and the process")
    func metrics() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let answer = try await service.send("GET", "/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("hera_model_live{model=\"test/cheap\"} 1\n"))
            #expect(answer.text.contains("hera_model_busy_slots{model=\"test/dear\"} 0\n"))
            #expect(answer.text.contains("process_resident_memory_bytes "))
            let lines = answer.text.split(separator: "\n")
            for (number, line) in lines.enumerated() where line.hasPrefix("# TYPE hera_") {
                #expect(number > 0 && lines[number - 1].hasPrefix("# HELP hera_"), "\(line)")
            }
        }
    }

    @Test("the page and the description need no key, the figures do")
    func keys() async throws {
        try await TestService.with(key: "secret") { _ in
            .completion("x")
        } _: { service async throws in
            let page = try await service.send("GET", "/dashboard")
            #expect(page.status == 200)
            #expect(page.text.hasPrefix("<!doctype html>"))
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
            #expect(try await service.send("GET", "/openapi.yaml").status == 200)
            #expect(try await service.send("GET", "/metrics").status == 401)
            #expect(try await service.send("GET", "/v1/dashboard").status == 401)
        }
    }

    @Test("the description has every route of the service, and no other")
    func description() async throws {
        try await TestService.with { _ in
            .completion("x")
        } _: { service async throws in
            let text = try await service.send("GET", "/openapi.yaml").text
            let router = HTTPService.router(
                stepService: service.stepService, scheduler: JobScheduler(stepService: service.stepService),
                batches: BatchScheduler(stepService: service.stepService),
                metrics: PrometheusRegistry(), connections: OpenConnections(),
                access: CallerMiddleware(
                    ledger: service.stepService.ledger, tokens: service.stepService.tokens, operatorKey: nil,
                    needsKey: false, settings: service.stepService.currentSettings))
            // A catch-all is a parameter in the description.
            let routes = Set(
                router.routes.map { "\($0.method.rawValue) \($0.path)".replacing("**", with: "{id}") })
            // Calls also have routes without /v1, for base URLs without it.
            let named = Self.operations(in: text)
            #expect(named.subtracting(routes) == [])
            #expect(routes.subtracting(named).filter { !named.contains($0.replacing(" /", with: " /v1/")) } == [])
        }
    }

    /// The operations (`GET /path`) of the API description, read by indentation: paths two spaces, methods four.
    private static func operations(in yaml: String) -> Set<String> {
        var found: Set<String> = []
        var path: Substring?
        for line in yaml.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  /"), line.hasSuffix(":") {
                path = line.dropFirst(2).dropLast()
            } else if line.hasPrefix("components:") {
                path = nil
            } else if let path, line.hasPrefix("    "), !line.hasPrefix("     "), line.hasSuffix(":") {
                found.insert("\(line.dropFirst(4).dropLast().uppercased()) \(path)")
            }
        }
        return found
    }
}
