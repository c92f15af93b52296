import Dispatch
import Synchronization

/// Answers the operations of committed groups once they are on disk.
///
/// Commits do not wait for the disk: the writer goes on with the next group, and one flush covers all that were
/// committed before it began. Logs are written in order, so that what a group saw of an earlier one cannot be lost
/// without the group itself.
final class Flusher: Sendable {
    /// A committed group that waits for the disk.
    struct Group: Sendable {
        /// What the database gave before the group began.
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

    /// Why nothing may be written any more: it is not known what is on disk.
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
            // Mostly one: a new one comes with every new connection.
            for ticket in Set(groups.map(\.ticket)).sorted() {
                let answers = groups.lazy.filter { $0.ticket == ticket }.flatMap(\.answers)
                do throws(LedgerError) {
                    try database.flush(ticket)
                    for answer in answers { answer.tell() }
                } catch {
                    if case .writesLost = error { state.withLock { $0.fault = error } }
                    for answer in answers { answer.fail(error) }
                }
            }
        }
    }

    /// Waits for those that were added before.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume() }
        }
    }
}

/// What an operation is told once its group is on disk, or where that fails.
struct GroupAnswer: Sendable {
    let tell: @Sendable () -> Void
    let fail: @Sendable (LedgerError) -> Void
}
