/// What each metric counts: the help texts of Prometheus' format, as docs/reference/metrics.md has them.
enum MetricMeaning {
    /// By the metric's name in Prometheus' alphabet. Gauges of models say theirs where they are read.
    static let byName: [String: String] = [
        "hera_calls_total": "booked calls, and failed attempts without a bill (unbilled)",
        "hera_call_failures_total":
            "failed attempts, and calls that were not made since the model rests or its queue is full",
        "hera_call_seconds": "duration of a call; rows of provider batches are left out",
        "hera_cost_usd_total": "true cost in USD: API, electricity and hardware",
        "hera_baseline_cost_usd_total": "the same tokens on the reference model, in USD",
        "hera_energy_joules_total": "energy on the operator's hardware",
        "hera_tokens_total": "tokens by class",
        "hera_decisions_total": "decisions by chosen model and stage",
        "hb_requests_total": "requests whose response was written",
        "http_server_request_duration_seconds": "time from request to the end of the response",
        "http_server_active_requests": "requests in flight",
        "hb_request_errors_total": "requests that ended with an error, by its status",
        "hera_spans_dropped_total": "spans that did not fit or that the collector refused; only with tracing",
        "process_cpu_seconds_total": "user and kernel CPU time",
        "process_resident_memory_bytes": "resident memory",
        "process_open_fds": "open file descriptors",
    ]
}
