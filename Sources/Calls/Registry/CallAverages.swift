import Domain
import Foundation
import Routing

/// Exponentially decaying averages of one model's calls; the time constant is `LiveRate.memorySeconds`.
struct CallAverages: Sendable {
    /// Weights of the calls that arrived, that the server answered or failed, and that it failed.
    private var begun = 0.0
    private var ended = 0.0
    private var failed = 0.0
    /// Weight of the calls that left their slot, and of their seconds.
    private var served = 0.0
    private var seconds = 0.0
    private var asOf: Timestamp
    private var waiting = 0
    private var busy = 0

    /// Calls without failure that are added to the error rate, so that few calls do not make a high rate.
    private static let caution = 4.0

    init(at now: Timestamp) { asOf = now }

    /// Records a call that waits for its slot.
    mutating func arrive(at now: Timestamp) {
        age(to: now)
        begun += 1
        waiting += 1
    }

    /// Records that a waiting call has its slot.
    mutating func start() {
        waiting -= 1
        busy += 1
    }

    /// Records that a waiting call left without a slot.
    mutating func leaveQueue() {
        waiting -= 1
    }

    /// Records that a call has left its slot.
    mutating func leave(after seconds: Double, at now: Timestamp) {
        age(to: now)
        busy -= 1
        served += 1
        self.seconds += seconds
    }

    /// Records a call that its server answered or failed.
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
