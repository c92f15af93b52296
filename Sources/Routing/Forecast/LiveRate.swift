/// What the service has seen of one model lately, older calls counting less.
package struct LiveRate: Hashable, Sendable {
    /// Share of calls that the model's server failed, 0...1.
    package var errorRate: Double
    package var arrivalsPerSecond: Double
    /// Mean seconds that a call kept its slot; nil before any has ended.
    package var serviceSeconds: Double?
    /// Calls under way, and calls that wait for a slot.
    package var busySlots: Int
    package var waiting: Int

    /// Seconds after which a call counts e times less; rates are taken to go on for about as long.
    package static let memorySeconds = 60.0

    /// Nothing was seen.
    package static let none = LiveRate(errorRate: 0, arrivalsPerSecond: 0)

    package init(
        errorRate: Double, arrivalsPerSecond: Double, serviceSeconds: Double? = nil, busySlots: Int = 0,
        waiting: Int = 0
    ) {
        self.errorRate = errorRate
        self.arrivalsPerSecond = arrivalsPerSecond
        self.serviceSeconds = serviceSeconds
        self.busySlots = busySlots
        self.waiting = waiting
    }
}
