import Domain
import Foundation
import Routing

/// Running figures of one model's calls, in which a call counts e times less after each `LiveRate.memorySeconds`.
struct CallAverages: Sendable {
    /// Weight of the calls that have begun, that have ended in an answer or a failure of the server, and that failed.
    private var begun = 0.0
    private var ended = 0.0
    private var failed = 0.0
    /// Weight of the calls that kept a slot, and their seconds.
    private var served = 0.0
    private var seconds = 0.0
    private var asOf: Timestamp
    private var waiting = 0
    private var busy = 0

    /// One failure of a few calls is no rate yet: it is drawn to 0 by as many calls as this.
    private static let caution = 4.0

    init(at now: Timestamp) { asOf = now }

    /// A call has come, and waits for its slot.
    mutating func arrive(at now: Timestamp) {
        age(to: now)
        begun += 1
        waiting += 1
    }

    /// The call that came has its slot.
    mutating func start() {
        waiting -= 1
        busy += 1
    }

    /// The call has left its slot.
    mutating func leave(after seconds: Double, at now: Timestamp) {
        age(to: now)
        busy -= 1
        served += 1
        self.seconds += seconds
    }

    /// A call has been answered, or its server has failed it.
    mutating func end(failed hasFailed: Bool, at now: Timestamp) {
        age(to: now)
        ended += 1
        if hasFailed { failed += 1 }
    }

    func rate(at now: Timestamp) -> LiveRate {
        var current = self
        current.age(to: now)
        return LiveRate(
            errorRate: current.failed / (current.ended + Self.caution),
            arrivalsPerSecond: current.begun / LiveRate.memorySeconds,
            serviceSeconds: current.served > 1e-3 ? current.seconds / current.served : nil, busySlots: busy,
            waiting: waiting)
    }

    private mutating func age(to now: Timestamp) {
        let elapsed = Double(now.milliseconds - asOf.milliseconds) / 1000
        guard elapsed > 0 else { return }
        let kept = exp(-elapsed / LiveRate.memorySeconds)
        begun *= kept
        ended *= kept
        failed *= kept
        served *= kept
        seconds *= kept
        asOf = now
    }
}
