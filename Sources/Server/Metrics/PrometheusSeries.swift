import CoreMetrics
import Synchronization

/// Prometheus' metric type.
enum PrometheusKind: String {
    case counter, gauge, histogram
}

/// A series: one name with one set of labels.
protocol PrometheusSeries: AnyObject, Sendable {
    var kind: PrometheusKind { get }
    func write(_ name: String, _ labels: [PrometheusLabel], into text: inout PrometheusText)
}

/// A monotonic integer counter.
final class PrometheusCounter: CounterHandler, PrometheusSeries {
    private let count = Atomic<Int64>(0)
    let kind = PrometheusKind.counter

    func increment(by amount: Int64) { count.wrappingAdd(max(amount, 0), ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: [PrometheusLabel], into text: inout PrometheusText) {
        text.sample(name, labels, Double(count.load(ordering: .relaxed)))
    }
}

/// A monotonic floating-point counter.
final class PrometheusSum: FloatingPointCounterHandler, PrometheusSeries {
    private let sum = Mutex(0.0)
    let kind = PrometheusKind.counter

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        sum.withLock { $0 += amount }
    }
    func reset() { sum.withLock { $0 = 0 } }

    func write(_ name: String, _ labels: [PrometheusLabel], into text: inout PrometheusText) {
        text.sample(name, labels, sum.withLock { $0 })
    }
}

/// A gauge.
final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusSeries {
    private let value = Mutex(0.0)
    let kind = PrometheusKind.gauge

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }

    func write(_ name: String, _ labels: [PrometheusLabel], into text: inout PrometheusText) {
        text.sample(name, labels, value.withLock { $0 })
    }
}

/// A histogram with fixed bucket bounds, count and sum.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusSeries {
    private struct State {
        var counts = [UInt64](repeating: 0, count: PrometheusHistogram.bounds.count + 1)
        var sum = 0.0
    }

    /// Upper bounds in seconds, from a routing decision to a long answer. Also applied to values without a unit.
    static let bounds = [
        1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        30,
        60, 120, 300,
    ]

    /// Factor from recorded to exported units.
    private let unit: Double
    private let state = Mutex(State())
    let kind = PrometheusKind.histogram

    init(unit: Double) { self.unit = unit }

    func recordNanoseconds(_ duration: Int64) { add(Double(duration) * unit) }
    func record(_ value: Int64) { add(Double(value) * unit) }
    func record(_ value: Double) { add(value * unit) }

    private func add(_ value: Double) {
        guard value.isFinite else { return }
        let place = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum += value
        }
    }

    func write(_ name: String, _ labels: [PrometheusLabel], into text: inout PrometheusText) {
        let state = state.withLock { $0 }
        var below: UInt64 = 0
        for (bound, count) in zip(Self.bounds, state.counts) {
            below += count
            text.sample(name + "_bucket", labels + [PrometheusLabel(name: "le", value: "\(bound)")], Double(below))
        }
        let all = below + (state.counts.last ?? 0)
        text.sample(name + "_bucket", labels + [PrometheusLabel(name: "le", value: "+Inf")], Double(all))
        text.sample(name + "_sum", labels, state.sum)
        text.sample(name + "_count", labels, Double(all))
    }
}
