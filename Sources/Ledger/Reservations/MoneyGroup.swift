import Domain

/// What the database has of the ids and budgets of some money operations, and the rows that they add.
///
/// It is loaded once for all of them, changed in memory by one operation after the other, and written once. An operation
/// by itself is a group of one.
struct MoneyGroup {
    var book = BudgetBook()
    /// Open reservations; nil for those that the group has closed.
    var open: [String: ClosedReservation?] = [:]
    /// Ids of entries.
    var entries: Set<String> = []
    /// Reservations that an entry has settled.
    var settled: Set<String> = []
    var decisions: Set<String> = []
    var steps: Set<String> = []
    private(set) var newReservations: [[SQLValue]] = []
    private(set) var newEntries: [(id: String, row: [SQLValue])] = []
    private(set) var newDecisions: [(id: String, row: [SQLValue])] = []
    private(set) var newSteps: [(id: String, row: [SQLValue])] = []
    private(set) var newSessions: [SessionRecord] = []
    /// Failed attempts to count.
    private(set) var newFailures: [[SQLValue]] = []
    private(set) var closed: [(id: String, held: ClosedReservation)] = []

    /// Whether a reservation of this id can be made: none is open, closed by the group or settled.
    func isNew(reservation id: String) -> Bool { open[id] == nil && !settled.contains(id) }

    /// An open reservation that an entry can settle in the ordinary way; nil for anything else.
    func settleable(_ id: String, by entry: LedgerEntry) -> ClosedReservation? {
        guard entry.kind != .correction, !entries.contains(entry.id), !settled.contains(id) else { return nil }
        return open[id] ?? nil
    }

    mutating func add(_ request: ReservationRequest, row: [SQLValue]) {
        newReservations.append(row)
        open[request.id] = ClosedReservation(
            at: request.at, bound: request.upperBound, attribution: request.call.attribution)
    }

    mutating func add(entry id: String, row: [SQLValue]) {
        newEntries.append((id, row))
        entries.insert(id)
    }

    mutating func add(decision id: String, row: [SQLValue]) {
        newDecisions.append((id, row))
        decisions.insert(id)
    }

    mutating func add(step id: String, row: [SQLValue]) {
        newSteps.append((id, row))
        steps.insert(id)
    }

    mutating func add(_ sessions: [SessionRecord]) { newSessions += sessions }

    mutating func add(failure row: [SQLValue]) { newFailures.append(row) }

    mutating func close(_ id: String, _ held: ClosedReservation) {
        open[id] = .some(nil)
        closed.append((id, held))
    }

    // MARK: Rolling back

    /// A point to roll back to where a commit cannot be done whole.
    struct Mark {
        fileprivate let entries: Int
        fileprivate let decisions: Int
        fileprivate let steps: Int
        fileprivate let sessions: Int
        fileprivate let failures: Int
        fileprivate let closed: Int
        fileprivate let book: Int
    }

    var mark: Mark {
        Mark(
            entries: newEntries.count, decisions: newDecisions.count, steps: newSteps.count,
            sessions: newSessions.count, failures: newFailures.count, closed: closed.count, book: book.mark)
    }

    mutating func rollBack(to mark: Mark) {
        while newEntries.count > mark.entries { entries.remove(newEntries.removeLast().id) }
        while newDecisions.count > mark.decisions { decisions.remove(newDecisions.removeLast().id) }
        while newSteps.count > mark.steps { steps.remove(newSteps.removeLast().id) }
        newSessions.removeLast(newSessions.count - mark.sessions)
        newFailures.removeLast(newFailures.count - mark.failures)
        while closed.count > mark.closed {
            let last = closed.removeLast()
            open[last.id] = last.held
        }
        book.rollBack(to: mark.book)
    }
}
