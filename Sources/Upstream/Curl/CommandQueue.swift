import CCurl
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What callers ask of the transfer thread.
enum TransferCommand: Sendable {
    case start(TransferRequest)
    /// The consumer has caught up.
    case resume(TransferID)
    case abort(TransferID)
    /// Ends with ``UpstreamError/cancelled`` unless complete by then.
    case expire(TransferID, after: Duration)
    /// Takes no more calls, and leaves those in flight this long.
    case stop(grace: Duration)
}

/// A libcurl multi handle in the hands of other threads than its own: they may wake it, and nothing else.
struct MultiWakeup: Sendable {
    private let address: UInt

    init(_ multi: UnsafeMutableRawPointer) {
        address = UInt(bitPattern: multi)
    }

    /// Ends the handle's sleep, now or when it next wants to sleep. The handle must still be there.
    func ring() {
        curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: address))
    }
}

/// The way from any task to the transfer thread: a list of commands, and a bell.
final class CommandQueue: Sendable {
    private struct State {
        var commands: [TransferCommand] = []
        /// nil before the thread runs and after it has ended.
        var bell: MultiWakeup?
        /// The thread sleeps, or is about to, and has seen all commands.
        var isWaiting = false
        /// Callers that are about to ring: the handle outlives them.
        var ringing = 0
        var isStopping = false
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A name for the next transfer.
    func nextID() -> TransferID {
        state.withLock {
            $0.lastID += 1
            return TransferID(rawValue: $0.lastID)
        }
    }

    /// Hands a command over; false for a `start` after `stop`.
    @discardableResult
    func post(_ command: TransferCommand) -> Bool {
        var bell: MultiWakeup?
        let isTaken = state.withLock { state in
            if case .start = command, state.isStopping { return false }
            if case .stop = command { state.isStopping = true }
            state.commands.append(command)
            if state.isWaiting, state.bell != nil {
                state.isWaiting = false
                state.ringing += 1
                bell = state.bell
            }
            return true
        }
        // Outside the lock: the woken thread wants it at once.
        if let bell {
            bell.ring()
            state.withLock { $0.ringing -= 1 }
        }
        return isTaken
    }

    // MARK: The thread's side

    /// Names the handle to wake from now on.
    func open(_ bell: MultiWakeup) {
        state.withLock { $0.bell = bell }
    }

    /// Everything posted since the last call.
    func takeAll() -> [TransferCommand] {
        state.withLock { state in
            state.isWaiting = false
            guard !state.commands.isEmpty else { return [] }
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Whether the thread may sleep: there is nothing to do, and the next command will ring.
    func mayWait() -> Bool {
        state.withLock { state in
            state.isWaiting = state.commands.isEmpty
            return state.isWaiting
        }
    }

    /// Nothing will be read any more, and nobody touches the handle. Returns what was left.
    func close() -> [TransferCommand] {
        let left = state.withLock { state in
            state.isStopping = true
            state.bell = nil
            defer { state.commands = [] }
            return state.commands
        }
        while state.withLock({ $0.ringing > 0 }) { sched_yield() }
        return left
    }
}
