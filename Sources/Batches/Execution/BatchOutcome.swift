import Domain
import JSON

/// Why a batch stopped where it did.
package enum BatchOutcome: Hashable, Sendable {
    /// Every row has its answer or its error.
    case finished
    /// Asked to stop; the rest can be done later.
    case stopped
    /// Cancelled by its caller; the rest is not wanted.
    case cancelled
    /// What the rest would have been called with may not be used any more; why, in words.
    case forbidden(String)
    /// The money does not pay for another row; why, in words.
    case shortOfMoney(String)
    /// The deadline came.
    case late
    /// Other processes hold rows of the batch.
    case elsewhere(rows: Int)

    /// What is said of the rows that were not done; nil where there are none.
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

    /// What is said of the batch as a whole where it ended before its rows were done; nil where it is not worth a word.
    var problem: BatchFault? {
        let texts: (code: String, message: String)? =
            switch self {
            case .finished, .stopped, .cancelled, .elsewhere: nil
            case .forbidden(let reason): ("invalid_api_key", "the batch ended before all rows were done: \(reason)")
            case .shortOfMoney(let reason): ("budget_exceeded", "the money did not reach all rows: \(reason)")
            case .late: ("batch_expired", "some rows had not begun when the batch's time was up")
            }
        return texts.map { BatchFault(line: 0, customID: nil, code: $0.code, message: $0.message) }
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

    /// Reads what `write` writes of an end that is final.
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
