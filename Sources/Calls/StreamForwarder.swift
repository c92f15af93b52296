import Dialects
import Domain
import Ledger
import Upstream

/// The way of a stream's events from a model's server to the client, and what is noted on it.
struct StreamForwarder {
    private let delivery: StreamDelivery
    private let model: ModelID
    private let limits: ServiceLimits
    /// What waits for its verdict.
    private var held: [UInt8] = []
    private var firstTokenSeconds: Double?
    /// Since when nobody reads any more.
    private var goneAt: ContinuousClock.Instant?
    /// Whether the client has been given something: then no other model can answer.
    private(set) var hasBegun = false

    init(delivery: StreamDelivery, model: ModelID, limits: ServiceLimits) {
        self.delivery = delivery
        self.model = model
        self.limits = limits
    }

    var isAbandoned: Bool { goneAt != nil }

    /// Whether the client has gone so long ago that the rest of the answer is not waited for.
    var hasDrained: Bool { goneAt.map { $0.seconds > limits.drainSeconds } ?? false }

    /// Gives events to the client, or keeps them for the verdict.
    ///
    /// A client that stays and reads nothing for `limits.idle_s` counts as gone: it would keep its model's slot for ever.
    mutating func pass(_ events: [ChatEvent], since started: ContinuousClock.Instant) async {
        if firstTokenSeconds == nil, events.contains(where: { if case .delta = $0.kind { true } else { false } }) {
            firstTokenSeconds = started.seconds
        }
        let bytes = events.flatMap(\.wireBytes)
        if delivery.isHeldBack {
            held += bytes
            if goneAt == nil, delivery.relay.isAbandoned { goneAt = .now }
        } else if goneAt == nil, !bytes.isEmpty {
            begin()
            if !(await delivery.relay.send(bytes, within: .seconds(limits.idleSeconds))) { goneAt = .now }
        }
    }

    /// What was read; from now on the client has been told who answers.
    mutating func reading(of answer: ChatAnswer, failure: UpstreamError?) -> CallAttempt.Reading {
        if !delivery.isHeldBack { begin() }
        return CallAttempt.Reading(
            answer: answer, body: held, firstTokenSeconds: firstTokenSeconds,
            outcome: failure != nil ? .failed : isAbandoned ? .clientGone : .completed, failure: failure)
    }

    private mutating func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        delivery.began(model)
    }
}
