package import Domain

/// An error of the ledger.
package enum LedgerError: Error, Equatable, Sendable {
    /// A hard budget has no room for the reservation; nothing was reserved on any level.
    case budgetExceeded(BudgetRefusal)
    case unknownReservation(String)
    /// The reservation was settled before by the named entry.
    case alreadySettled(reservation: String, entry: String)
    /// A record of that kind and id exists with other content.
    case duplicate(kind: String, id: String)
    case notFound(kind: String, id: String)
    /// A value that the ledger cannot book, and why.
    case invalid(String)
    /// A total would leave the range of 64 bits.
    case overflow(String)
    /// The database was written by a later version of the program.
    case newerVersion(database: String, migrations: [String])
    case corrupt(database: String, detail: String)
    case readOnly(database: String, detail: String)
    case diskFull(database: String)
    case cannotOpen(database: String, detail: String)
    /// Another process kept the database locked for longer than the busy timeout.
    case busy(database: String)
    /// A conflict with another transaction rolled this one back; a retry helps.
    case conflict(String)
    /// The server is unreachable or the connection was lost; a write under way may or may not be booked.
    case unreachable(String)
    /// Another database failure, with the database's message.
    case database(String)
    case badLocation(String, reason: String)
    /// A flush failed; no more writes are accepted until the ledger is opened again.
    case writesLost(database: String, detail: String)
    /// Another node holds the work now: this one was taken for dead, or the work was seized.
    case leaseLost(kind: String, id: String)
    /// The key has used up its tokens of the minute; nothing was reserved.
    case rateLimited(RateRefusal)
    /// The key is not known, revoked or expired.
    case badKey(String)
}

extension LedgerError {
    /// Whether a retry of the same transaction may succeed.
    var isPassing: Bool {
        if case .conflict = self { return true }
        return false
    }

    /// Whether one operation may have failed the transaction of many.
    var isOfOne: Bool {
        switch self {
        case .database, .overflow, .invalid: true
        default: false
        }
    }

    /// Whether the same operation may succeed later: the server, the disk or a lock failed.
    package var isTemporary: Bool {
        switch self {
        case .unreachable, .diskFull, .busy, .conflict: true
        default: false
        }
    }

    /// The refusal of a budget, where this is one.
    package var refusal: BudgetRefusal? {
        if case .budgetExceeded(let refusal) = self { return refusal }
        return nil
    }
}

extension LedgerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .budgetExceeded(let refusal): refusal.description
        case .unknownReservation(let id):
            "no open reservation '\(id)': reserve before the call, and settle or release once"
        case .alreadySettled(let reservation, let entry):
            "reservation '\(reservation)' was settled by entry '\(entry)'; append a correction if that entry is wrong"
        case .duplicate(let kind, let id): "\(kind) '\(id)' exists already with other content; use a new id"
        case .notFound(let kind, let id): "no \(kind) '\(id)' in the ledger; check the id"
        case .invalid(let reason): "the ledger refuses to book this: \(reason)"
        case .overflow(let what): "\(what) would pass the range of 64 bits (9.2 billion USD); nothing was booked"
        case .newerVersion(let database, let migrations):
            "\(database) was written by a newer hera (unknown migrations: \(migrations.joined(separator: ", "))); "
                + "use that version, or another database"
        case .corrupt(let database, let detail):
            "\(database) is not a usable SQLite database (\(detail)); "
                + "restore a backup, or try `sqlite3 \(database) .recover`"
        case .readOnly(let database, let detail):
            "\(database) cannot be written (\(detail)); make the file and its directory writable for this user"
        case .diskFull(let database):
            "no space left for \(database); nothing of the refused operation was booked: free space and try again"
        case .cannotOpen(let database, let detail):
            "\(database) cannot be opened (\(detail)); check that the directory exists and may be entered"
        case .busy(let database):
            "\(database) was locked by another process for too long; end that process or use another database"
        case .conflict(let detail): "transactions got in each other's way (\(detail)); try again"
        case .unreachable(let detail):
            "the database server cannot be reached (\(detail)); check that it runs, and repeat the operation with the "
                + "same ids: what was booked before is not booked twice"
        case .database(let detail): "the database failed: \(detail)"
        case .badLocation(let text, let reason):
            "'\(text)' names no ledger database: \(reason); write sqlite:PATH or postgres://user@host/database"
        case .writesLost(let database, let detail):
            "\(database) could not be put on disk (\(detail)); this process writes no more: check the disk, start again, "
                + "and repeat the operation with the same ids: what was booked before is not booked twice"
        case .leaseLost(let kind, let id):
            "\(kind) '\(id)' was taken over by another node; nothing of this write was booked: book what was spent alone"
        case .rateLimited(let refusal): refusal.description
        case .badKey(let reason): reason
        }
    }
}

/// The budget that refused a reservation, with its figures.
package struct BudgetRefusal: Hashable, Sendable, CustomStringConvertible {
    package let scope: BudgetScope
    package let window: BudgetWindow
    package let limit: BudgetLimit
    /// In the unit of the limit (nano-USD, tokens or microjoules), as are the next two.
    package let spent: Int64
    package let reserved: Int64
    package let asked: Int64
    /// The moment of renewal; nil for a budget without a window and for a rolling one.
    package let resetsAt: Timestamp?

    package init(
        scope: BudgetScope, window: BudgetWindow, limit: BudgetLimit, spent: Int64, reserved: Int64, asked: Int64,
        resetsAt: Timestamp?
    ) {
        self.scope = scope
        self.window = window
        self.limit = limit
        self.spent = spent
        self.reserved = reserved
        self.asked = asked
        self.resetsAt = resetsAt
    }

    package var description: String {
        let unit = limit.unit
        let period = window == .none ? "" : " (\(window))"
        let reset = resetsAt.map { "; it is whole again at \($0)" } ?? ""
        return "the budget of \(scope)\(period) has no room: limit \(unit.text(limit.amount)), "
            + "spent \(unit.text(spent)), reserved \(unit.text(reserved)), asked \(unit.text(asked))\(reset)"
    }
}

extension LedgerError {
    /// Runs a closure that throws without a type; an error that is no `LedgerError` becomes `.database`.
    static func narrow<Value>(_ body: () throws -> Value) throws(LedgerError) -> Value {
        do {
            return try body()
        } catch let error as LedgerError {
            throw error
        } catch {
            throw .database("\(error)")
        }
    }
}
