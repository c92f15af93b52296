import Domain
package import Optimization
import Synchronization

/// Attributes the energy of this machine's counter to its calls, in equal shares to the calls under way.
///
/// The counter covers the whole machine, so the shares include idle power. The energy between calls is attributed to
/// no call.
package final class EnergyAttribution: Sendable {
    private struct State {
        var reading: EnergyMeter.Reading?
        /// Joules so far by call; nil if the counter could not be read during the call.
        var joules: [Int: Double?] = [:]
        var next = 0
    }

    private let meter: EnergyMeter
    private let state = Mutex(State())

    /// Nil if the machine has no readable counter.
    package init?(meter: EnergyMeter? = EnergyMeter()) {
        guard let meter else { return nil }
        self.meter = meter
    }

    /// Begins to measure a call and returns its number for `end`.
    package func begin() -> Int {
        state.withLock { state in
            share(&state)
            state.next += 1
            state.joules[state.next] = .some(0)
            return state.next
        }
    }

    /// Ends a call and returns its joules; nil if the counter could not be read all along.
    package func end(_ call: Int) -> Double? {
        state.withLock { state in
            share(&state)
            return state.joules.removeValue(forKey: call) ?? nil
        }
    }

    /// Shares the joules since the last reading between the calls under way.
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

/// The energy measurement of one call of a model on this machine.
struct MeasuredCall: Sendable {
    private let energy: EnergyAttribution
    private let number: Int

    /// Begins to measure; nil without a counter, or if the model runs elsewhere.
    init?(of model: Model, by energy: EnergyAttribution?) {
        guard let energy, model.placement == .edge, model.endpoint.isOnThisMachine else { return nil }
        self.energy = energy
        number = energy.begin()
    }

    /// Ends the measurement, once: joules, or nil if the counter could not be read.
    func end() -> Double? { energy.end(number) }
}

extension Endpoint {
    /// Whether the server's address is this machine's own.
    fileprivate var isOnThisMachine: Bool {
        let host = baseURL.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        return host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
    }
}
