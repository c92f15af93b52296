import CCurl
import Synchronization

/// What callers ask of the transfer thread.
enum TransferCommand: Sendable {
    case start(TransferOrder)
    /// The consumer has caught up.
    case resume(TransferID)
    case abort(TransferID)
    /// Ends with ``UpstreamError/cancelled`` unless complete by then.
    case expire(TransferID, after: Duration)
    /// Takes no more calls, and leaves those in flight this long.
    case stop(grace: Duration)
}

/// The way from any task to the transfer thread: a list of commands, and a bell.
final class CommandQueue: Sendable {
    private struct State {
        var commands: [TransferCommand] = []
        /// The handle to wake; nil before the thread runs and after it has ended.
        var multi: UnsafeMutableRawPointer?
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
        state.withLock { state in
            if case .start = command, state.isStopping { return false }
            if case .stop = command { state.isStopping = true }
            state.commands.append(command)
            // One ring for many commands: the thread takes all of them at once. Under the lock, so that the handle
            // cannot go away meanwhile.
            if state.commands.count == 1, let multi = state.multi { curl_multi_wakeup(multi) }
            return true
        }
    }

    /// The thread's side: names the handle to wake from now on.
    func open(_ multi: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: multi)
        state.withLock { $0.multi = UnsafeMutableRawPointer(bitPattern: address) }
    }

    /// The thread's side: everything posted since the last call.
    func takeAll() -> [TransferCommand] {
        state.withLock { state in
            guard !state.commands.isEmpty else { return [] }
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// The thread's side: nothing will be read any more. Returns what was left.
    func close() -> [TransferCommand] {
        state.withLock { state in
            state.isStopping = true
            state.multi = nil
            defer { state.commands = [] }
            return state.commands
        }
    }
}
