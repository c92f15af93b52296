package import CoreMetrics
import Synchronization

/// Keeps what the process counts and measures, for Prometheus to fetch: the factory behind swift-metrics.
///
/// One series for each name and set of dimensions, for as long as the process lives. There are at most ``mostSeries`` of
/// them; what would be one more is not kept, so that a label that somebody else fills cannot fill the memory.
package final class PrometheusRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let labels: [PrometheusLabel]
    }

    private let series = Mutex<[Key: any PrometheusSeries]>([:])
    private static let mostSeries = 10_000

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

    // Series outlive their handles: a sum that begins anew would look like a restart of the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of a name and its dimensions, made where it is missing. One that is already there as another kind stays
    /// what it is, and the new one is not shown.
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
            if series[key] == nil, series.count < Self.mostSeries { series[key] = made }
            return made
        }
    }

    /// All series in Prometheus' text format 0.0.4, by name.
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
