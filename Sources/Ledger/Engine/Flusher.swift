import Dispatch
import Synchronization

/// Resumes the callers of committed groups once they are on disk.
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

    private struct State {
        var waiting: [Group] = []
        var isFlushing = false
        var fault: LedgerError?
    }

    private let database: any SQLDatabase
    private let queue = DispatchQueue(label: "hera.ledger.flusher")
    private let state = Mutex(State())

    init(database: any SQLDatabase) {
        self.database = database
    }

    /// Set when a flush failed with unknown outcome: no more writes are accepted.
    var fault: LedgerError? { state.withLock { $0.fault } }

    func add(_ group: Group) {
        let starts = state.withLock { state in
            state.waiting.append(group)
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if starts { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let groups = state.withLock { state -> [Group] in
                defer { state.waiting.removeAll() }
                state.isFlushing = !state.waiting.isEmpty
                return state.waiting
            }
            if groups.isEmpty { return }
            // Usually one; each new connection starts another.
            for ticket in Set(groups.map(\.ticket)).sorted() {
                let answers = groups.lazy.filter { $0.ticket == ticket }.flatMap(\.answers)
                do throws(LedgerError) {
                    try database.flush(ticket)
                    for answer in answers { answer.succeed() }
                } catch {
                    if case .writesLost = error { state.withLock { $0.fault = error } }
                    for answer in answers { answer.fail(error) }
                }
            }
        }
    }

    /// Waits for the groups added before.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}

/// Resumes an operation's caller once its group is on disk, or with the flush's error.
struct GroupAnswer: Sendable {
    let succeed: @Sendable () -> Void
    let fail: @Sendable (LedgerError) -> Void
}
