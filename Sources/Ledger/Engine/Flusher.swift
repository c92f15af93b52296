import Dispatch
import Synchronization

/// Puts committed groups on disk and resumes their callers.
///
/// Commits do not wait for the disk: the writer continues with the next group, and one flush covers all groups
/// committed before it. Logs are written in order, so a group cannot survive without the earlier groups it has read.
final class Flusher: Sendable {
    /// A committed group that waits for the disk.
    struct Group: Sendable {
        /// The database's flush ticket from before the group.
        let ticket: Int
        let answers: [GroupAnswer]
    }

    private struct Waiting: Sendable {
        let mark: FlushMark
        let continuation: CheckedContinuation<LedgerError?, Never>
    }

    private struct State {
        var groups: [Group] = []
        var isFlushing = false
        /// Whether a flush is scheduled for groups that nothing waits for.
        var isScheduled = false
        var fault: LedgerError?
        /// The last group that was added, and the last one that is on disk.
        var added = FlushMark(number: 0)
        var flushed = FlushMark(number: 0)
        /// The last group whose flush failed, and how.
        var failed: (last: FlushMark, error: LedgerError)?
        /// Those that wait for the flush of groups whose callers were resumed before it.
        var waiting: [Waiting] = []
    }

    /// How long a group that nothing waits for may wait for the flush of others.
    private static let longestDelayMilliseconds = 5

    private let database: any SQLDatabase
    private let queue = DispatchQueue(label: "hera.ledger.flusher")
    private let state = Mutex(State())

    init(database: any SQLDatabase) {
        self.database = database
    }

    /// Set when a flush failed with unknown outcome: no more writes are accepted.
    var fault: LedgerError? { state.withLock { $0.fault } }

    /// Flushes a group, at once or with the next ones, and resumes those of its callers that do not wait for the disk.
    func add(_ group: Group) {
        let isUrgent = group.answers.contains { $0.flush != .behind }
        let (mark, starts, schedules) = state.withLock { state -> (FlushMark, Bool, Bool) in
            state.groups.append(group)
            state.added.number += 1
            let starts = isUrgent && !state.isFlushing
            let schedules = !isUrgent && !state.isFlushing && !state.isScheduled
            if starts { state.isFlushing = true }
            if schedules { state.isScheduled = true }
            return (state.added, starts, schedules)
        }
        if starts { queue.async { self.drain() } }
        if schedules {
            queue.asyncAfter(deadline: .now() + .milliseconds(Self.longestDelayMilliseconds)) { self.drainScheduled() }
        }
        for answer in group.answers where answer.flush != .before { answer.succeed(mark) }
    }

    /// Flushes what is left, unless another flush has begun meanwhile.
    private func drainScheduled() {
        let starts = state.withLock { state -> Bool in
            state.isScheduled = false
            if state.isFlushing || state.groups.isEmpty { return false }
            state.isFlushing = true
            return true
        }
        if starts { drain() }
    }

    /// Returns when a group is on disk; throws where that is unknown.
    func wait(for mark: FlushMark) async throws(LedgerError) {
        let error = await withCheckedContinuation { (continuation: CheckedContinuation<LedgerError?, Never>) in
            let (isOver, failure) = state.withLock { state -> (Bool, LedgerError?) in
                if state.flushed >= mark { return (true, nil) }
                if let failed = state.failed, failed.last >= mark { return (true, failed.error) }
                state.waiting.append(Waiting(mark: mark, continuation: continuation))
                return (false, nil)
            }
            if isOver { continuation.resume(returning: failure) }
        }
        if let error { throw error }
    }

    private func drain() {
        while true {
            let (groups, last) = state.withLock { state -> ([Group], FlushMark) in
                defer { state.groups.removeAll() }
                state.isFlushing = !state.groups.isEmpty
                return (state.groups, state.added)
            }
            if groups.isEmpty { return }
            var failure: LedgerError?
            // Usually one; each new connection starts another.
            let tickets = groups.count == 1 ? [groups[0].ticket] : Set(groups.map(\.ticket)).sorted()
            for ticket in tickets {
                let answers = groups.lazy.filter { $0.ticket == ticket }.flatMap(\.answers)
                    .filter { $0.flush == .before }
                do throws(LedgerError) {
                    // After a failed flush, the system may report later ones as done without having written.
                    if let fault { throw fault }
                    try database.flush(ticket)
                    for answer in answers { answer.succeed(nil) }
                } catch {
                    failure = error
                    if case .writesLost = error { state.withLock { $0.fault = error } }
                    for answer in answers { answer.fail(error) }
                }
            }
            end(upTo: last, failure)
        }
    }

    private func end(upTo last: FlushMark, _ failure: LedgerError?) {
        let over = state.withLock { state -> [Waiting] in
            if let failure { state.failed = (last, failure) } else { state.flushed = last }
            let over = state.waiting.filter { $0.mark <= last }
            state.waiting.removeAll { $0.mark <= last }
            return over
        }
        for waiting in over { waiting.continuation.resume(returning: failure) }
    }

    /// Flushes the groups added before, and waits for it.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.drainScheduled()
                continuation.resume()
            }
        }
    }
}

/// Counts the groups that a store has committed, to wait for the flush of one of them.
package struct FlushMark: Hashable, Comparable, Sendable {
    fileprivate(set) var number: Int

    /// Groups are flushed in their order.
    package static func < (left: FlushMark, right: FlushMark) -> Bool { left.number < right.number }
}

/// Resumes an operation's caller once its group is committed or on disk, or with the flush's error.
struct GroupAnswer: Sendable {
    /// Gets the mark of a flush that is still under way; nil if the group is on disk.
    typealias Success = @Sendable (FlushMark?) -> Void

    let succeed: Success
    let fail: @Sendable (LedgerError) -> Void
    let flush: FlushOrder
}

/// When the flush of an operation comes, seen from its answer.
enum FlushOrder: Hashable, Sendable {
    /// Before the answer.
    case before
    /// Beside it: the answer follows the commit, and the flush begins at once.
    case beside
    /// Behind it: the answer follows the commit, and the flush comes with that of others, a little later.
    case behind
}
