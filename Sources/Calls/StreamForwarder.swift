import Dialects
import Domain
import Ledger
import Upstream

/// Forwards a stream's events from a model's server to the client.
struct StreamForwarder {
    private let delivery: StreamDelivery
    private let model: ModelID
    private let limits: ServiceLimits
    /// Waits until the call's reservation is on disk.
    private let booked: @Sendable () async -> Void
    /// The events that wait for verification.
    private var held: [ChatEvent] = []
    private var firstTokenSeconds: Double?
    /// When the client disconnected.
    private var goneAt: ContinuousClock.Instant?
    /// Whether the client has received something, so that no other model can answer.
    private(set) var hasBegun = false

    init(
        delivery: StreamDelivery, model: ModelID, limits: ServiceLimits,
        booked: @escaping @Sendable () async -> Void = {}
    ) {
        self.delivery = delivery
        self.model = model
        self.limits = limits
        self.booked = booked
    }

    var isAbandoned: Bool { goneAt != nil }

    /// Whether the time to read the rest of an answer without a client is over.
    var hasDrained: Bool { goneAt.map { $0.seconds > limits.drainSeconds } ?? false }

    /// Sends events to the client, or keeps them until the answer is verified.
    ///
    /// A client that reads nothing for `limits.idle_s` counts as gone, since it would hold its model's slot for ever.
    mutating func forward(_ events: [ChatEvent], since started: ContinuousClock.Instant) async {
        let events = events.filter(delivery.forwards)
        if firstTokenSeconds == nil, events.contains(where: { $0.kind == .delta }) {
            firstTokenSeconds = started.seconds
        }
        if delivery.isHeldBack {
            held += events
            if goneAt == nil, delivery.channel.isAbandoned { goneAt = .now }
        } else if goneAt == nil, !events.isEmpty {
            if !hasBegun { await booked() }
            begin()
            if !(await delivery.channel.send(events, within: .seconds(limits.idleSeconds))) { goneAt = .now }
        }
    }

    /// Ends the forwarding. The delivery has begun from here on, unless the answer failed before its first event.
    mutating func reading(
        of answer: ChatAnswer, _ ending: AnswerEnding, pieces: Int = 0, failure: UpstreamError?
    ) -> CallAttempt.Reading {
        if !delivery.isHeldBack, failure == nil { begin() }
        return CallAttempt.Reading(
            answer: answer, held: held, firstTokenSeconds: firstTokenSeconds,
            outcome: failure != nil ? .failed : isAbandoned ? .clientGone : .completed, failure: failure,
            ending: ending, pieces: pieces, hasBegun: delivery.isHeldBack || hasBegun)
    }

    private mutating func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        delivery.began(model)
    }
}
