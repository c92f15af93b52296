import Foundation

/// Waiting for a free slot of an edge server: the M/M/c queue (Erlang C).
///
/// Offered load a = arrivals x service time; P(wait) = C(c, a); mean wait = C x service / (c - a). The time that a
/// request waits exceeds t with probability C e^(-(c - a) t / service).
package struct QueueingDelay: Sendable, Hashable {
    /// Requests a second, as measured live.
    package var arrivalsPerSecond: Double
    /// Mean seconds that a request keeps its slot.
    package var serviceSeconds: Double
    /// Slots that serve at the same time, at least 1.
    package var slots: Int

    /// Arrivals and service must be finite and at least 0, slots at least 1.
    package init(arrivalsPerSecond: Double, serviceSeconds: Double, slots: Int) throws(OptimizationError) {
        guard arrivalsPerSecond.isFinite, arrivalsPerSecond >= 0 else {
            throw .invalid(.init("arrivalsPerSecond", "must be finite and at least 0, is \(arrivalsPerSecond)"))
        }
        guard serviceSeconds.isFinite, serviceSeconds >= 0 else {
            throw .invalid(.init("serviceSeconds", "must be finite and at least 0, is \(serviceSeconds)"))
        }
        guard slots >= 1 else { throw .invalid(.init("slots", "must be at least 1, is \(slots)")) }
        self.arrivalsPerSecond = arrivalsPerSecond
        self.serviceSeconds = serviceSeconds
        self.slots = slots
    }

    /// Mean number of busy slots, were there enough of them (erlangs).
    package var offeredLoad: Double { arrivalsPerSecond * serviceSeconds }

    /// Share of the slots' time that is used; 1 and above means that the queue grows without end.
    package var utilisation: Double { offeredLoad / Double(slots) }

    /// Probability that a request has to wait at all; 1 when the server is saturated.
    package var waitProbability: Double {
        guard utilisation < 1 else { return 1 }
        // Erlang B by its recurrence, which neither overflows nor cancels; then C = B / (1 - rho (1 - B)).
        var blocking = 1.0
        for slot in 1...slots { blocking = offeredLoad * blocking / (Double(slot) + offeredLoad * blocking) }
        return blocking / (1 - utilisation * (1 - blocking))
    }

    /// Mean seconds in the queue; infinite when the server is saturated.
    package var meanSeconds: Double {
        guard utilisation < 1 else { return .infinity }
        return waitProbability * serviceSeconds / (Double(slots) - offeredLoad)
    }

    /// Seconds in the queue that a share of the requests, 0..<1, does not exceed.
    package func seconds(quantile share: Double) -> Double {
        guard utilisation < 1 else { return .infinity }
        let waiting = waitProbability
        guard share > 1 - waiting, share < 1 else { return share < 1 ? 0 : .infinity }
        return log(waiting / (1 - share)) * serviceSeconds / (Double(slots) - offeredLoad)
    }
}
