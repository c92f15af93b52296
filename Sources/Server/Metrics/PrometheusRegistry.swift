package import CoreMetrics
import Synchronization

/// The swift-metrics factory that collects series for Prometheus.
///
/// One series per name and set of dimensions, for the process's lifetime. Series beyond ``maximumSeries`` are not
/// stored: caller-supplied labels must not exhaust memory.
package final class PrometheusRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let labels: [PrometheusLabel]
    }

    private let series = Mutex<[Key: any PrometheusSeries]>([:])
    private static let maximumSeries = 10_000

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, suffix: "_total") { PrometheusCounter() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, suffix: "_total") { PrometheusSum() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions) { PrometheusGauge() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? series(label, dimensions) { PrometheusHistogram(unit: 1) }
            : series(label, dimensions) { PrometheusGauge() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, suffix: "_seconds") { PrometheusHistogram(unit: 1e-9) }
    }

    // Series outlive their handles: a counter that restarts at 0 would look like a process restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of a name and its dimensions, created if missing. An existing series of another kind stays, and the
    /// new one is not exported.
    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], suffix: String = "", make: () -> Series
    ) -> Series {
        let key = Key(
            name: PrometheusName.metric(label, suffix: suffix),
            labels: dimensions.map { PrometheusLabel(name: PrometheusName.label($0.0), value: $0.1) }
                .sorted { $0.name < $1.name })
        return series.withLock { series in
            if let known = series[key] as? Series { return known }
            let made = make()
            if series[key] == nil, series.count < Self.maximumSeries { series[key] = made }
            return made
        }
    }

    /// All series in Prometheus' text format 0.0.4, sorted by name.
    package func text() -> String {
        let all = series.withLock { $0 }
        var text = PrometheusText()
        for (name, members) in Dictionary(grouping: all, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            let ordered = members.sorted { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }
            guard let kind = ordered.first?.value.kind else { continue }
            text.begin(name, kind)
            for member in ordered where member.value.kind == kind {
                member.value.write(name, member.key.labels, into: &text)
            }
        }
        return text.text
    }
}
