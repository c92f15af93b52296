import Foundation

/// Waiting for a free slot of an edge server: the M/M/c queue (Erlang C).
///
/// Offered load a = arrivals x service time; P(wait) = C(c, a); mean wait = C x service / (c - a). The waiting time
/// exceeds t with probability C e^(-(c - a) t / service).
package struct QueueingDelay: Sendable, Hashable {
    /// Requests a second, as measured live.
    package var arrivalsPerSecond: Double
    /// Mean seconds that a request keeps its slot.
    package var serviceSeconds: Double
    /// Slots that serve concurrently, at least 1.
    package var slots: Int
    /// The state of the queue of an overloaded server. Nil: the wait never ends.
    package var overload: Overload?

    /// A temporary overload.
    package struct Overload: Sendable, Hashable {
        /// Requests waiting now.
        package var waiting: Int
        /// Assumed duration of the present arrival rate.
        package var seconds: Double

        package init(waiting: Int, seconds: Double) {
            self.waiting = waiting
            self.seconds = seconds
        }
    }

    /// Arrivals and service must be finite and at least 0, slots at least 1.
    package init(
        arrivalsPerSecond: Double, serviceSeconds: Double, slots: Int, overload: Overload? = nil
    ) throws(OptimizationError) {
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
        self.overload = overload
    }

    /// Mean number of busy slots if there were enough of them (erlangs).
    package var offeredLoad: Double { arrivalsPerSecond * serviceSeconds }

    /// Used share of the slots' time. From 1 on the queue grows without end.
    package var utilisation: Double { offeredLoad / Double(slots) }

    /// Probability of waiting at all; 1 for a saturated server.
    package var waitProbability: Double {
        guard utilisation < 1 else { return 1 }
        // Erlang B by its recurrence, which neither overflows nor cancels; then C = B / (1 - rho (1 - B)).
        var blocking = 1.0
        for slot in 1...slots { blocking = offeredLoad * blocking / (Double(slot) + offeredLoad * blocking) }
        return blocking / (1 - utilisation * (1 - blocking))
    }

    /// Mean seconds in the queue. Infinite for a saturated server of unknown queue.
    package var meanSeconds: Double {
        guard utilisation < 1 else { return overloadSeconds }
        return min(waitProbability * serviceSeconds / (Double(slots) - offeredLoad), overloadSeconds)
    }

    /// The time to empty the queue as it stands half-way through an overload of T seconds. It sums the requests waiting
    /// now, the excess arrivals (lambda - c / service) T / 2, and the mean of a reflected random walk, sqrt(2 lambda T
    /// / pi). The steady state of a server near saturation is far off, so this bounds its wait too. Infinite if the
    /// queue is unknown.
    private var overloadSeconds: Double {
        guard let overload else { return .infinity }
        let excess = max(0, arrivalsPerSecond - (serviceSeconds > 0 ? Double(slots) / serviceSeconds : .infinity))
        let chance = (2 * arrivalsPerSecond * overload.seconds / .pi).squareRoot()
        let line = Double(overload.waiting) + 1 + excess * overload.seconds / 2 + chance
        return line * serviceSeconds / Double(slots)
    }

    /// Seconds in the queue that a share of the requests, 0..<1, does not exceed.
    package func seconds(quantile share: Double) -> Double {
        guard utilisation < 1 else { return share < 1 ? overloadSeconds : .infinity }
        let waiting = waitProbability
        guard share > 1 - waiting, share < 1 else { return share < 1 ? 0 : .infinity }
        return min(log(waiting / (1 - share)) * serviceSeconds / (Double(slots) - offeredLoad), overloadSeconds)
    }
}
