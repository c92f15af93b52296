import Calls
import Dialects
import Domain
import Ledger
import Upstream

/// State machine of one provider batch, from its reservation to its end: events in, actions out. No I/O.
///
/// The group is saved before every action. A group that may have been sent is therefore looked up before a resend.
struct ProviderGroupMachine: Sendable {
    enum Action: Hashable, Sendable {
        /// Look up a submission that may have arrived.
        case find
        case send
        /// Poll the provider for progress.
        case poll
        /// Cancel the batch at the provider.
        case cancel
        /// Read and book the results.
        case collect(ProviderBatch)
        /// Close it in the ledger. With a message, open rows fail with it, else they become pending.
        case close(UnfinishedRows, message: String?)
    }

    enum Event: Sendable {
        /// The result of a lookup; nil where the provider certainly does not have the batch.
        case found(ProviderBatch?)
        case sent(ProviderBatch)
        case seen(ProviderBatch)
        case collected(GroupResults)
        /// Reading the results was interrupted; it restarts from the beginning.
        case interrupted(GroupResults, UpstreamError)
        case failed(UpstreamError)
        case closed
    }

    /// Counts and rows of one pass over the results.
    struct GroupResults: Hashable, Sendable {
        /// Answered lines, rows booked before included.
        var answered = 0
        /// Unreadable lines.
        var unreadable = 0
        /// Rows booked in this pass.
        var booked: [Row] = []

        struct Row: Hashable, Sendable {
            let line: Int64
            let cost: Money
        }
    }

    /// The record to save.
    private(set) var group: ProviderGroup
    /// Why the group ended early; nil where it did not.
    private(set) var trouble: String?
    private(set) var isClosed = false
    private let shortest: Double
    /// Seconds until the next poll.
    private var pause: Double
    private var mustFind: Bool
    private var isWindingUp = false
    private var hasAskedToStop: Bool
    private var over: ProviderBatch?
    private var end: (rest: UnfinishedRows, message: String?)?
    /// Consecutive failures and "not found" responses.
    private var failures = 0
    private var missing = 0

    /// Longest pause between two polls, in seconds.
    static let longestPause = 60.0
    /// Refused submissions before the rows run as ordinary calls.
    static let mostSends = 8
    /// Consecutive "not found" responses before a batch counts as lost.
    static let mostMissing = 3
    /// Consecutive failures tolerated while a batch is wound up.
    static let mostFailures = 60

    /// - Parameter pollSeconds: the first pause between polls; each further pause is half as long again.
    init(_ group: ProviderGroup, pollSeconds: Double) {
        self.group = group
        shortest = pollSeconds
        pause = pollSeconds
        mustFind = group.phase == .sending
        hasAskedToStop = group.phase == .cancelling
        isClosed = group.phase == .closed
    }

    /// Winds the group up: cancels it at the provider and keeps the existing answers.
    mutating func windUp() {
        guard !isWindingUp else { return }
        isWindingUp = true
        failures = 0
        pause = shortest
    }

    /// Abandons the group, since the catalog no longer has its model.
    mutating func abandon() {
        guard end == nil, !isClosed else { return }
        trouble = "the catalog has no model '\(group.model)' any more, so that its provider cannot be asked"
        end = (group.phase == .opened ? .unbilled : .uncertain, nil)
    }

    /// The next action and the pause before it in seconds; nil when closed.
    mutating func next() -> (action: Action, pause: Double)? {
        if isClosed { return nil }
        if let end { return (.close(end.rest, message: end.message), 0) }
        let rest = failures + missing > 0 ? pause : 0
        if let over { return (.collect(over), rest) }
        switch group.phase {
        case .opened, .sending:
            if mustFind { return (.find, rest) }
            if isWindingUp { return (.close(.unbilled, message: nil), 0) }
            group.phase = .sending
            return (.send, rest)
        case .sent, .cancelling, .ended:
            if isWindingUp, !hasAskedToStop, group.phase != .ended { return (.cancel, rest) }
            return (.poll, group.phase == .ended ? rest : pause)
        case .closed: return nil
        }
    }

    mutating func handle(_ event: Event, after action: Action) {
        switch event {
        case .found(nil):
            mustFind = false
            failures = 0
        case .found(.some(let batch)), .sent(let batch):
            mustFind = false
            update(from: batch)
        case .seen(let batch):
            if action == .cancel { hasAskedToStop = true }
            update(from: batch)
        case .collected(let results): end = (rest(of: results), nil)
        case .failed(let error), .interrupted(_, let error): fail(error, action)
        case .closed:
            group.phase = .closed
            isClosed = true
        }
    }

    private mutating func update(from batch: ProviderBatch) {
        if failures + missing > 0 || group.providerID == nil { pause = shortest } else { slowDown() }
        failures = 0
        missing = 0
        group.providerID = batch.id
        group.completed = batch.completed
        group.failed = batch.failed
        switch batch.phase {
        case .underWay: group.phase = .sent
        case .cancelling:
            group.phase = .cancelling
            hasAskedToStop = true
        case .failed(let reason):
            // A failed batch is not billed, so its rows run as ordinary calls.
            trouble = "the provider refused the batch: \(reason)"
            end = (.unbilled, nil)
        case .ended, .expired, .cancelled:
            group.phase = .ended
            over = batch
        }
    }

    /// Rows without a result line are unbilled, unless the provider counts more answers than were read.
    private func rest(of results: GroupResults) -> UnfinishedRows {
        results.unreadable > 0 || results.answered < (over?.completed ?? 0) ? .uncertain : .unbilled
    }

    // MARK: Failures

    private mutating func fail(_ error: UpstreamError, _ action: Action) {
        slowDown()
        if case .status(let failure) = error, let wait = failure.retryAfterSeconds {
            pause = max(pause, min(wait, 10 * Self.longestPause))
        }
        switch action {
        case .send: notSent(error)
        case .poll, .collect:
            if error.isNotFound { return notFound(error) }
            count(error)
        case .cancel:
            if error.isNotFound { return notFound(error) }
            // The provider refuses the cancellation: the batch has probably just ended.
            if error.isRefusal { hasAskedToStop = true } else { count(error) }
        case .find: count(error)
        case .close: break
        }
    }

    private mutating func notSent(_ error: UpstreamError) {
        failures += 1
        if error.mayHaveMadeBatch {
            mustFind = true
        } else if error.isRefusal || failures >= Self.mostSends {
            trouble = "the batch could not be sent: \(error)"
            end = (.unbilled, nil)
        }
    }

    private mutating func notFound(_ error: UpstreamError) {
        missing += 1
        guard missing >= Self.mostMissing else { return }
        let message =
            "the provider does not know the batch \(group.providerID ?? group.name) any more (\(error)); what it may "
            + "have billed is booked at its upper bound: look for it in the provider's console"
        trouble = message
        end = (.uncertain, message)
    }

    /// Counts a failure; gives up only while winding up.
    private mutating func count(_ error: UpstreamError) {
        failures += 1
        guard isWindingUp, failures >= Self.mostFailures else { return }
        trouble = "the provider did not answer any more while the batch was being stopped: \(error)"
        end = (.uncertain, nil)
    }

    private mutating func slowDown() { pause = min(pause * 1.5, max(Self.longestPause, shortest)) }
}

extension UpstreamError {
    /// Whether the server does not know the batch.
    fileprivate var isNotFound: Bool {
        if case .status(let failure) = self { return failure.status == 404 || failure.status == 410 }
        return false
    }

    /// Whether a retry would be refused again.
    fileprivate var isRefusal: Bool {
        switch self {
        case .invalidRequest: true
        case .status(let failure): (400..<500).contains(failure.status) && ![408, 429].contains(failure.status)
        default: false
        }
    }
}
