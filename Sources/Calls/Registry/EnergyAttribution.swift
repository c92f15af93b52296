package import Optimization
import Synchronization

/// Measures the energy of calls on this machine, where it has a counter: what the counter moved while calls were under
/// way is shared evenly between them.
///
/// The counter is the whole machine's, so a call bears its share of what the machine draws while it is busy, idle power
/// included; nobody bears what it draws while no call is under way.
package final class EnergyAttribution: Sendable {
    private struct State {
        var reading: EnergyMeter.Reading?
        /// Joules so far, by call; nil for a call during which the counter could not be read.
        var joules: [Int: Double?] = [:]
        var next = 0
    }

    private let meter: EnergyMeter
    private let state = Mutex(State())

    /// Nil where the machine has no counter that can be read.
    package init?(meter: EnergyMeter? = EnergyMeter()) {
        guard let meter else { return nil }
        self.meter = meter
    }

    /// Begins to measure a call; the number is given back to `end`.
    package func begin() -> Int {
        state.withLock { state in
            share(&state)
            state.next += 1
            state.joules[state.next] = .some(0)
            return state.next
        }
    }

    /// Joules of a call that has ended; nil where the counter could not be read all along.
    package func end(_ call: Int) -> Double? {
        state.withLock { state in
            share(&state)
            return state.joules.removeValue(forKey: call) ?? nil
        }
    }

    /// Gives what the counter has moved since the last look to the calls under way.
    private func share(_ state: inout State) {
        let now = meter.read()
        if let now, let before = state.reading {
            let part = meter.joules(from: before, to: now) / Double(max(1, state.joules.count))
            state.joules = state.joules.mapValues { $0.map { $0 + part } }
        } else if !state.joules.isEmpty {
            state.joules = state.joules.mapValues { _ in nil }
        }
        state.reading = now
    }
}
