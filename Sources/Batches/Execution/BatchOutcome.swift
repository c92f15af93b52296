import Domain
import JSON

/// Why the run of a batch ended.
package enum BatchOutcome: Hashable, Sendable {
    /// Every row has a result.
    case finished
    /// Stopped on request; open rows can be resumed.
    case stopped
    /// Cancelled by its caller; open rows are dropped.
    case cancelled
    /// The caller's key is no longer valid, with the reason.
    case forbidden(String)
    /// The money covers no further row, with the reason.
    case shortOfMoney(String)
    /// The deadline has passed.
    case late
    /// Other processes hold rows of the batch.
    case elsewhere(rows: Int)

    /// The fault of every open row; nil where no row is open.
    package var fault: (code: String, message: String)? {
        switch self {
        case .finished: nil
        case .stopped: ("batch_stopped", "the batch was stopped before this row: start it again to go on")
        case .cancelled: ("batch_cancelled", "the batch was cancelled before this row")
        case .forbidden(let reason): ("invalid_api_key", "the batch ended before this row: \(reason)")
        case .shortOfMoney(let reason): ("budget_exceeded", "the money did not reach this row: \(reason)")
        case .late: ("batch_expired", "the row had not begun when the batch's time was up")
        case .elsewhere: ("in_progress", "another process works on this row")
        }
    }

    /// The fault of the batch as a whole; nil where the outcome is no fault.
    var problem: BatchFault? {
        let fault: (code: String, message: String)? =
            switch self {
            case .finished, .stopped, .cancelled, .elsewhere: nil
            case .forbidden(let reason): ("invalid_api_key", "the batch ended before all rows were done: \(reason)")
            case .shortOfMoney(let reason): ("budget_exceeded", "the money did not reach all rows: \(reason)")
            case .late: ("batch_expired", "some rows had not begun when the batch's time was up")
            }
        return fault.map { BatchFault(line: 0, customID: nil, code: $0.code, message: $0.message) }
    }
}

extension BatchOutcome {
    func write(into object: inout JSONWriter) {
        switch self {
        case .finished, .stopped, .elsewhere: object.member("name", "finished")
        case .cancelled: object.member("name", "cancelled")
        case .late: object.member("name", "late")
        case .forbidden(let reason):
            object.member("name", "forbidden")
            object.member("reason", reason)
        case .shortOfMoney(let reason):
            object.member("name", "short_of_money")
            object.member("reason", reason)
        }
    }

    /// Reads what `write` writes, of final outcomes.
    init?(json value: JSONValue) {
        let reason = value["reason"]?.string ?? ""
        switch value["name"]?.string {
        case "finished": self = .finished
        case "cancelled": self = .cancelled
        case "late": self = .late
        case "forbidden": self = .forbidden(reason)
        case "short_of_money": self = .shortOfMoney(reason)
        default: return nil
        }
    }
}
