import Synchronization

/// One answer on its way from the transfer thread to the one task that reads it: a head, then bytes in a bounded buffer.
final class ResponseChannel: Sendable {
    typealias HeadResult = Result<ResponseHead, UpstreamError>
    /// nil at the end of the body.
    typealias BodyResult = Result<[UInt8]?, UpstreamError>

    private struct State {
        var head: HeadResult?
        var headWaiter: CheckedContinuation<HeadResult, Never>?
        var buffer: [UInt8] = []
        var bodyWaiter: CheckedContinuation<BodyResult, Never>?
        var end: Result<Void, UpstreamError>?
        /// The thread was told to hold the server back.
        var isPaused = false
        var isDraining = false
    }

    let id: TransferID
    private let capacity: Int
    private let cancellation: UpstreamCancellation
    private let commands: CommandQueue
    private let state = Mutex(State())

    /// - Parameter capacity: bytes that wait for the consumer before the server is held back.
    init(id: TransferID, capacity: Int, cancellation: UpstreamCancellation, commands: CommandQueue) {
        self.id = id
        self.capacity = capacity
        self.cancellation = cancellation
        self.commands = commands
    }

    /// Bytes that wait for the consumer.
    var bufferedBytes: Int { state.withLock { $0.buffer.count } }

    // MARK: The transfer thread's side

    /// Sets the head. The reader sleeps on until ``wake()``: with a short answer, body and end come at the same time.
    func deliver(_ head: ResponseHead) {
        state.withLock { state in
            if state.head == nil { state.head = .success(head) }
        }
    }

    /// Takes bytes of the body; false, and nothing taken, when the consumer is too far behind. The reader sleeps on until
    /// ``wake()``.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            // After the end (a cancelled consumer) bytes fall away until the thread has read the abort.
            guard state.end == nil else { return true }
            if !state.buffer.isEmpty, state.buffer.count + bytes.count > capacity {
                state.isPaused = true
                return false
            }
            state.buffer.append(contentsOf: bytes)
            return true
        }
    }

    /// The end of the transfer: complete, or broken by an error. Bytes in the buffer can still be read.
    func finish(_ error: UpstreamError?) {
        end(error, keepsBuffer: true)
    }

    /// Wakes the reader if there is something for it.
    func wake() {
        var headWaiter: (CheckedContinuation<HeadResult, Never>, HeadResult)?
        var bodyWaiter: (CheckedContinuation<BodyResult, Never>, BodyResult)?
        var mayResume = false
        state.withLock { state in
            if let known = Self.knownHead(state), let waiter = state.headWaiter.take() { headWaiter = (waiter, known) }
            if state.bodyWaiter != nil, let known = Self.take(&state, mayResume: &mayResume),
                let waiter = state.bodyWaiter.take()
            {
                bodyWaiter = (waiter, known)
            }
        }
        if let (waiter, result) = headWaiter { waiter.resume(returning: result) }
        if let (waiter, result) = bodyWaiter { waiter.resume(returning: result) }
        if mayResume { commands.post(.resume(id)) }
    }

    // MARK: The consumer's side

    /// Waits for the head. Cancelling the task does what the request's ``UpstreamCancellation`` says.
    func head() async -> HeadResult {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: HeadResult? = state.withLock { state in
                    if let known = Self.knownHead(state) { return known }
                    state.headWaiter = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            taskWasCancelled()
        }
    }

    /// Waits for the next bytes: all that has come since the last call.
    func next() async -> BodyResult {
        if Task.isCancelled { taskWasCancelled() }
        if let known = take(orLeave: nil) { return known }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let known = take(orLeave: continuation) { continuation.resume(returning: known) }
            }
        } onCancel: {
            taskWasCancelled()
        }
    }

    /// Gives the answer up: the connection is closed, buffered bytes are dropped.
    func cancel() {
        if end(.cancelled, keepsBuffer: false) { commands.post(.abort(id)) }
    }

    /// Gives the answer up where it has not ended by then.
    func expire(after patience: Duration) {
        commands.post(.expire(id, after: patience))
    }

    /// Takes what is there; where nothing is, leaves the reader to be woken and returns nil.
    private func take(orLeave reader: CheckedContinuation<BodyResult, Never>?) -> BodyResult? {
        var mayResume = false
        let known: BodyResult? = state.withLock { state in
            if let known = Self.take(&state, mayResume: &mayResume) { return known }
            precondition(state.bodyWaiter == nil, "the body of an answer has two readers at the same time")
            state.bodyWaiter = reader
            return nil
        }
        if mayResume { commands.post(.resume(id)) }
        return known
    }

    private static func take(_ state: inout State, mayResume: inout Bool) -> BodyResult? {
        guard !state.buffer.isEmpty else { return state.end.map { end in end.map { nil } } }
        mayResume = state.isPaused && state.end == nil
        state.isPaused = false
        return .success(state.buffer.takeAll())
    }

    private static func knownHead(_ state: State) -> HeadResult? {
        if let head = state.head { return head }
        // A head that never came is an error even where the transfer says that it is complete.
        return state.end.map { end in end.flatMap { .failure(.cancelled) } }
    }

    private func taskWasCancelled() {
        switch cancellation {
        case .abort: cancel()
        case .drain(let within):
            let isFirst = state.withLock { state in
                defer { state.isDraining = true }
                return !state.isDraining && state.end == nil
            }
            if isFirst { commands.post(.expire(id, after: within)) }
        }
    }

    /// Ends the answer once; false when it had ended before.
    @discardableResult
    private func end(_ error: UpstreamError?, keepsBuffer: Bool) -> Bool {
        let isFirst = state.withLock { state in
            guard state.end == nil else { return false }
            state.end = error.map { .failure($0) } ?? .success(())
            if !keepsBuffer { state.buffer = [] }
            return true
        }
        if isFirst { wake() }
        return isFirst
    }
}

extension [UInt8] {
    /// Leaves the array empty.
    fileprivate mutating func takeAll() -> [UInt8] {
        defer { self = [] }
        return self
    }
}
