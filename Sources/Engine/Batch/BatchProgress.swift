package import Core
import Synchronization

/// How far a batch is.
package struct BatchProgress: Hashable, Sendable {
    /// Rows of the input that are right.
    package var rows = 0
    package var completed = 0
    package var failed = 0
    package var running = 0
    /// Booked on the batch so far, calls that brought no answer included.
    package var spent = Money.zero
    package var budget: Money?
    /// Mean predicted accuracy of the rows answered since the start of this process and of those planned, 0...1.
    package var accuracy = 0.0
    /// Expected cost of the whole batch, what is spent included.
    package var expectedCost = Money.zero
    /// Seconds to the end at the present pace; nil before there is one.
    package var secondsLeft: Double?

    package init() {}
}

/// Why a batch stopped where it did.
package enum BatchEnding: Hashable, Sendable {
    /// Every row has its answer or its error.
    case finished
    /// Asked to stop; the rest can be done later.
    case stopped
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
        case .shortOfMoney(let reason): ("budget_exceeded", "the money did not reach this row: \(reason)")
        case .late: ("batch_expired", "the row had not begun when the batch's time was up")
        case .elsewhere: ("in_progress", "another process works on this row")
        }
    }
}

/// Asks a running batch to stop: no further row begins, those under way end.
package final class BatchStop: Sendable {
    private let flag = Mutex(false)

    package init() {}

    package func request() { flag.withLock { $0 = true } }

    package var isRequested: Bool { flag.withLock { $0 } }
}
