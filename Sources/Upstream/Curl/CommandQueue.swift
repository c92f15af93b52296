import CCurl
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A command for the transfer thread.
enum TransferCommand: Sendable {
    case start(TransferRequest)
    /// Unpauses a transfer after its consumer has drained the buffer.
    case resume(TransferID)
    case abort(TransferID)
    /// Ends the transfer with ``UpstreamError/cancelled`` unless it completes within this time.
    case expire(TransferID, after: Duration)
    /// Rejects new transfers and gives running ones a grace period.
    case stop(grace: Duration)
}

/// A thread-safe reference to a libcurl multi handle that can only wake its poll.
struct MultiWakeup: Sendable {
    private let address: UInt

    init(_ multi: UnsafeMutableRawPointer) {
        address = UInt(bitPattern: multi)
    }

    /// Interrupts the current or the next `curl_multi_poll`. The handle must still be alive.
    func wake() {
        curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: address))
    }
}

/// A thread-safe queue of commands from tasks to the transfer thread, with a wakeup.
final class CommandQueue: Sendable {
    private struct State {
        var commands: [TransferCommand] = []
        /// nil before the thread has started and after it has ended.
        var wakeup: MultiWakeup?
        /// The thread polls, or is about to, and has drained all commands.
        var isWaiting = false
        /// Callers inside `curl_multi_wakeup`; the handle must outlive them.
        var wakeupsInFlight = 0
        var isStopping = false
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A unique identifier for the next transfer.
    func nextID() -> TransferID {
        state.withLock {
            $0.lastID += 1
            return TransferID(rawValue: $0.lastID)
        }
    }

    /// Enqueues a command; false for a `start` after `stop`.
    @discardableResult
    func enqueue(_ command: TransferCommand) -> Bool {
        var wakeup: MultiWakeup?
        let isAccepted = state.withLock { state in
            if case .start = command, state.isStopping { return false }
            if case .stop = command { state.isStopping = true }
            state.commands.append(command)
            if state.isWaiting, state.wakeup != nil {
                state.isWaiting = false
                state.wakeupsInFlight += 1
                wakeup = state.wakeup
            }
            return true
        }
        // Outside the lock: the woken thread contends for it at once.
        if let wakeup {
            wakeup.wake()
            state.withLock { $0.wakeupsInFlight -= 1 }
        }
        return isAccepted
    }

    // MARK: Transfer thread

    /// Sets the handle to wake.
    func open(_ wakeup: MultiWakeup) {
        state.withLock { $0.wakeup = wakeup }
    }

    /// Removes and returns all queued commands.
    func drain() -> [TransferCommand] {
        state.withLock { state in
            state.isWaiting = false
            guard !state.commands.isEmpty else { return [] }
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Whether the thread may poll: the queue is empty, and the next command wakes it.
    func mayWait() -> Bool {
        state.withLock { state in
            state.isWaiting = state.commands.isEmpty
            return state.isWaiting
        }
    }

    /// Closes the queue and waits until no caller uses the handle. Returns the unread commands.
    func close() -> [TransferCommand] {
        let left = state.withLock { state in
            state.isStopping = true
            state.wakeup = nil
            defer { state.commands = [] }
            return state.commands
        }
        while state.withLock({ $0.wakeupsInFlight > 0 }) { sched_yield() }
        return left
    }
}
