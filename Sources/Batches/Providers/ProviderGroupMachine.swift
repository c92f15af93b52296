import Calls
import Dialects
import Domain
import Ledger
import Upstream

/// A group of rows at a provider, from the ledger to its end: what happened comes in, what is to be done goes out. No I/O.
///
/// Whatever is to be done, the group is saved first as it stands here: so one that may have been sent is never sent again
/// before it was looked for.
struct ProviderGroupMachine: Sendable {
    enum Action: Hashable, Sendable {
        /// Look whether an order that may have been sent has arrived.
        case find
        case send
        /// Ask how far it is.
        case poll
        /// Ask the provider to stop it.
        case cancel
        /// Read what came of it, and book it.
        case collect(ProviderBatch)
        /// End it in the ledger; with words, rows without an end fail with them, else they are pending again.
        case close(UnfinishedRows, message: String?)
    }

    enum Event: Sendable {
        /// What looking for it found; nil where it is certainly not there.
        case found(ProviderBatch?)
        case sent(ProviderBatch)
        case seen(ProviderBatch)
        case collected(GroupResults)
        /// The reading of the results broke off, to be repeated from the start.
        case interrupted(GroupResults, UpstreamError)
        case failed(UpstreamError)
        case closed
    }

    /// What reading the results of a batch came to.
    struct GroupResults: Hashable, Sendable {
        /// Lines with an answer, those that were booked before included.
        var answered = 0
        /// Lines that cannot be read.
        var unreadable = 0
        /// Rows booked now: their line and what was paid.
        var booked: [Row] = []
        /// Rows that no model will answer: the provider refused the request itself.
        var refused: [Int64] = []

        struct Row: Hashable, Sendable {
            let line: Int64
            let cost: Money
        }
    }

    /// As it is to be saved.
    private(set) var group: ProviderGroup
    /// Why it ended early, in words; nil where it did not.
    private(set) var trouble: String?
    private(set) var isClosed = false
    private let shortest: Double
    /// Seconds until the next look.
    private var pause: Double
    private var mustFind: Bool
    private var isWindingUp = false
    private var hasAskedToStop: Bool
    private var over: ProviderBatch?
    private var end: (rest: UnfinishedRows, message: String?)?
    /// Failures and "not found"s in a row.
    private var failures = 0
    private var missing = 0

    /// Most seconds between two looks at a batch.
    static let longestPause = 60.0
    /// So often a provider may refuse an order for now before its rows are done by ordinary calls.
    static let mostSends = 8
    /// So often in a row a provider has to say that it does not know a batch before that is lost.
    static let mostMissing = 3
    /// So often in a row a provider may fail to answer while a batch is being wound up.
    static let mostFailures = 60

    /// - Parameter pollSeconds: between the first two looks; each pause after that is half as long again.
    init(_ group: ProviderGroup, pollSeconds: Double) {
        self.group = group
        shortest = pollSeconds
        pause = pollSeconds
        mustFind = group.phase == .sending
        hasAskedToStop = group.phase == .cancelling
        isClosed = group.phase == .closed
    }

    /// What was answered is wanted, and nothing more: the provider is asked to stop.
    mutating func windUp() {
        guard !isWindingUp else { return }
        isWindingUp = true
        failures = 0
        pause = shortest
    }

    /// Nobody can be asked for it any more: the catalog does not have its model.
    mutating func abandon() {
        guard end == nil, !isClosed else { return }
        trouble = "the catalog has no model '\(group.model)' any more, so that its provider cannot be asked"
        end = (group.phase == .opened ? .unbilled : .uncertain, nil)
    }

    /// What is to be done next, and after how many seconds; nil where nothing is left.
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
            // Nothing of it was done or billed: its rows are for ordinary calls.
            trouble = "the provider refused the batch: \(reason)"
            end = (.unbilled, nil)
        case .ended, .expired, .cancelled:
            group.phase = .ended
            over = batch
        }
    }

    /// A row without a line was not done, unless more rows were answered than can be read.
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
            // It cannot be stopped any more: most likely it has just ended.
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

    /// Goes on asking, except for a batch that is to end and whose provider is away for good.
    private mutating func count(_ error: UpstreamError) {
        failures += 1
        guard isWindingUp, failures >= Self.mostFailures else { return }
        trouble = "the provider did not answer any more while the batch was being stopped: \(error)"
        end = (.uncertain, nil)
    }

    private mutating func slowDown() { pause = min(pause * 1.5, max(Self.longestPause, shortest)) }
}

extension UpstreamError {
    /// Whether the server does not know what it was asked for.
    fileprivate var isNotFound: Bool {
        if case .status(let failure) = self { return failure.status == 404 || failure.status == 410 }
        return false
    }

    /// Whether the server, or this side of it, would refuse the same again.
    fileprivate var isRefusal: Bool {
        switch self {
        case .invalidRequest: true
        case .status(let failure): (400..<500).contains(failure.status) && ![408, 429].contains(failure.status)
        default: false
        }
    }
}
