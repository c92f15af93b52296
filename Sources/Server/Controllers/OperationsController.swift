import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import Steps

/// Health checks, decisions and the dashboard.
struct OperationsController {
    let ledger: LedgerStore
    let models: ModelRegistry
    let settings: CurrentSettings
    let learning: Learning

    func addRoutes(to router: Router<HeraContext>) {
        router.get("/") { _, _ in Self.root }
        router.head("/") { _, _ in Response(status: .ok, headers: [.contentType: "application/json"]) }
        router.get("healthz") { _, _ in Self.health }
        router.get("readyz", use: ready)
        let group = router.group("v1")
        group.get("dashboard", use: dashboard)
    }

    /// What answers here, for clients that look whether their base URL is right.
    private static var root: Response {
        var writer = JSONWriter()
        writer.object { object in
            object.member("name", "hera")
            object.member("version", HeraVersion.current)
            object.member("api", "/v1")
            object.member("dashboard", "/dashboard")
        }
        return Response(json: writer.bytes)
    }

    /// `{"status": "ok", "version": ...}`.
    private static var health: Response {
        var writer = JSONWriter()
        writer.object { object in
            object.member("status", "ok")
            object.member("version", HeraVersion.current)
        }
        return Response(json: writer.bytes)
    }

    /// Ready when a model is live and the ledger can be read and written.
    @Sendable
    func ready(request: Request, context: HeraContext) async throws -> Response {
        let live = models.models(at: .now()).count
        var problem = live == 0 ? "no model is live: set a provider's key or start a local server" : nil
        do {
            _ = try await ledger.read { try $0.jobs(in: [], limit: 1) }
            try await ledger.checkWritable()
        } catch {
            problem = error.description
        }
        var writer = JSONWriter()
        writer.object { object in
            object.member("status", problem == nil ? "ready" : "not ready")
            object.member("live_models", live)
            if let problem { object.member("problem", problem) }
        }
        return Response(json: writer.bytes, status: problem == nil ? .ok : .serviceUnavailable)
    }

    @Sendable
    func dashboard(request: Request, context: HeraContext) async throws -> Response {
        let parameters = request.uri.queryParameters
        func text(_ name: Substring) -> String? { parameters[name].map(String.init) }
        var query = try DashboardQuery(
            from: text("from"), to: text("to"), groupBy: text("group_by"), range: text("range"), now: .now())
        let cut = try DashboardSeries.parameters(interval: text("interval"), zone: text("tz"), of: query)
        for dimension in Dimension.allCases where dimension.isFilter {
            if let value = text(dimension.rawValue[...]) { query.filters[dimension] = value }
        }
        // A key sees only its own spending.
        let key = context.caller.key
        if let key { query.filters[.key] = key }
        let (report, series) = try await ledger.read { [query] ledger in
            (
                try ledger.dashboard(query),
                try cut.map { try DashboardSeries(query, interval: $0.0, zone: $0.1, from: &ledger) }
            )
        }
        let quality = try await QualityReport(of: learning, in: ledger, since: query.from)
        let live = key == nil ? LiveModels(models, at: .now()) : nil
        return Response(
            json: report.document(
                economics: settings.value.economics, quality: quality, series: series, live: live))
    }
}
