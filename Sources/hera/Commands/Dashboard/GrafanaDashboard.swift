import JSON

/// A dashboard for Grafana over the metrics of `GET /metrics`, in its JSON model (schema version 39).
enum GrafanaDashboard {
    private struct Panel {
        let title: String
        let unit: String
        /// PromQL with the legend of its series.
        let queries: [(expression: String, legend: String)]
        var isWide = false
    }

    private static let panels = [
        Panel(
            title: "Spent, USD an hour", unit: "currencyUSD",
            queries: [("sum by (model) (rate(hera_cost_usd_total[$__rate_interval])) * 3600", "{{model}}")],
            isWide: true),
        Panel(
            title: "Saved against the reference, USD an hour", unit: "currencyUSD",
            queries: [
                (
                    "(sum(rate(hera_baseline_cost_usd_total[$__rate_interval])) - "
                        + "sum(rate(hera_cost_usd_total[$__rate_interval]))) * 3600", "saved"
                )
            ]),
        Panel(
            title: "Calls a second", unit: "reqps",
            queries: [("sum by (model) (rate(hera_calls_total[$__rate_interval]))", "{{model}}")]),
        Panel(
            title: "Failed attempts a second", unit: "reqps",
            queries: [
                ("sum by (model, reason) (rate(hera_call_failures_total[$__rate_interval]))", "{{model}} {{reason}}")
            ]),
        Panel(
            title: "Time of a call, 95 %", unit: "s",
            queries: [
                (
                    "histogram_quantile(0.95, sum by (le, model) (rate(hera_call_seconds_bucket[$__rate_interval])))",
                    "{{model}}"
                )
            ]),
        Panel(
            title: "Tokens a second", unit: "short",
            queries: [("sum by (class) (rate(hera_tokens_total[$__rate_interval]))", "{{class}}")]),
        Panel(
            title: "Decisions by stage", unit: "short",
            queries: [("sum by (stage) (rate(hera_decisions_total[$__rate_interval]))", "{{stage}}")]),
        Panel(
            title: "Energy, W", unit: "watt",
            queries: [("sum by (model) (rate(hera_energy_joules_total[$__rate_interval]))", "{{model}}")]),
        Panel(
            title: "Models that are live", unit: "short", queries: [("hera_model_live == 1", "{{model}}")]),
        Panel(
            title: "Running and waiting calls", unit: "short",
            queries: [
                ("hera_model_busy_slots", "{{model}} running"), ("hera_model_waiting_calls", "{{model}} waiting"),
            ]),
    ]

    static var json: String {
        var writer = JSONWriter(capacity: 8192)
        writer.object { dashboard in
            dashboard.member("uid", "hera")
            dashboard.member("title", "hera")
            dashboard.member("tags", array: { $0.element("hera") })
            dashboard.member("schemaVersion", 39)
            dashboard.member("version", 1)
            dashboard.member("editable", true)
            dashboard.member("timezone", "browser")
            dashboard.member("refresh", "30s")
            dashboard.member(
                "time",
                object: {
                    $0.member("from", "now-24h")
                    $0.member("to", "now")
                })
            dashboard.member("annotations", object: { $0.member("list", array: { _ in }) })
            dashboard.member("templating", object: { $0.member("list", array: { $0.object(writeSource) }) })
            dashboard.member(
                "panels",
                array: { list in
                    var (x, y) = (0, 0)
                    for (index, panel) in panels.enumerated() {
                        let width = panel.isWide ? 24 : 12
                        if x + width > 24 { (x, y) = (0, y + 8) }
                        list.object { write(panel, id: index + 1, x: x, y: y, width: width, to: &$0) }
                        x += width
                    }
                })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A variable for the Prometheus source.
    private static func writeSource(_ variable: inout JSONWriter) {
        variable.member("name", "source")
        variable.member("label", "Prometheus")
        variable.member("type", "datasource")
        variable.member("query", "prometheus")
    }

    private static func write(
        _ panel: Panel, id: Int, x: Int, y: Int, width: Int, to object: inout JSONWriter
    ) {
        object.member("id", id)
        object.member("type", "timeseries")
        object.member("title", panel.title)
        object.member(
            "datasource",
            object: {
                $0.member("type", "prometheus")
                $0.member("uid", "${source}")
            })
        object.member(
            "gridPos",
            object: {
                $0.member("h", 8)
                $0.member("w", width)
                $0.member("x", x)
                $0.member("y", y)
            })
        object.member(
            "fieldConfig",
            object: { config in
                config.member("defaults", object: { $0.member("unit", panel.unit) })
                config.member("overrides", array: { _ in })
            })
        object.member(
            "targets",
            array: { list in
                for (index, query) in panel.queries.enumerated() {
                    list.object {
                        $0.member("refId", index == 0 ? "A" : "B")
                        $0.member("expr", query.expression)
                        $0.member("legendFormat", query.legend)
                    }
                }
            })
    }
}
