import Synchronization

/// Passes one response from the transfer thread to its single reader: a head, then body bytes in a bounded buffer.
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
        /// The transfer is paused by backpressure.
        var isPaused = false
        var isDraining = false
    }

    let id: TransferID
    private let capacity: Int
    private let cancellation: UpstreamCancellation
    private let commands: CommandQueue
    private let state = Mutex(State())

    /// - Parameter capacity: buffered bytes above which the transfer is paused.
    init(id: TransferID, capacity: Int, cancellation: UpstreamCancellation, commands: CommandQueue) {
        self.id = id
        self.capacity = capacity
        self.cancellation = cancellation
        self.commands = commands
    }

    /// Unread body bytes.
    var bufferedBytes: Int { state.withLock { $0.buffer.count } }

    // MARK: Transfer thread

    /// Sets the head without waking the reader. With a short response, one ``wake()`` covers head, body and end.
    func deliver(_ head: ResponseHead) {
        state.withLock { state in
            if state.head == nil { state.head = .success(head) }
        }
    }

    /// Buffers body bytes without waking the reader; false, with nothing buffered, when the buffer is full.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            // After a cancellation, bytes are discarded until the thread has handled the abort.
            guard state.end == nil else { return true }
            if !state.buffer.isEmpty, state.buffer.count + bytes.count > capacity {
                state.isPaused = true
                return false
            }
            state.buffer.append(contentsOf: bytes)
            return true
        }
    }

    /// Ends the response, complete or with an error. Buffered bytes stay readable.
    func finish(_ error: UpstreamError?) {
        end(error, keepsBuffer: true)
    }

    /// Resumes the reader if a head, bytes or the end are available.
    func wake() {
        var headWaiter: (CheckedContinuation<HeadResult, Never>, HeadResult)?
        var bodyWaiter: (CheckedContinuation<BodyResult, Never>, BodyResult)?
        var mayResume = false
        state.withLock { state in
            if let known = Self.knownHead(state), let waiter = state.headWaiter.take() { headWaiter = (waiter, known) }
            if state.bodyWaiter != nil, let known = Self.read(&state, mayResume: &mayResume),
                let waiter = state.bodyWaiter.take()
            {
                bodyWaiter = (waiter, known)
            }
        }
        if let (waiter, result) = headWaiter { waiter.resume(returning: result) }
        if let (waiter, result) = bodyWaiter { waiter.resume(returning: result) }
        if mayResume { commands.enqueue(.resume(id)) }
    }

    // MARK: Reader

    /// Waits for the head. Task cancellation follows the request's ``UpstreamCancellation``.
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
            handleCancellation()
        }
    }

    /// Waits for body bytes and returns all that are buffered.
    func next() async -> BodyResult {
        if Task.isCancelled { handleCancellation() }
        if let known = read(orRegister: nil) { return known }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let known = read(orRegister: continuation) { continuation.resume(returning: known) }
            }
        } onCancel: {
            handleCancellation()
        }
    }

    /// Aborts the transfer: closes the connection and drops buffered bytes.
    func cancel() {
        if end(.cancelled, keepsBuffer: false) { commands.enqueue(.abort(id)) }
    }

    /// Aborts the transfer unless it ends within this time.
    func expire(after timeout: Duration) {
        commands.enqueue(.expire(id, after: timeout))
    }

    /// Returns buffered bytes or the end; otherwise registers the reader and returns nil.
    private func read(orRegister reader: CheckedContinuation<BodyResult, Never>?) -> BodyResult? {
        var mayResume = false
        let known: BodyResult? = state.withLock { state in
            if let known = Self.read(&state, mayResume: &mayResume) { return known }
            precondition(state.bodyWaiter == nil, "the body of an answer has two readers at the same time")
            state.bodyWaiter = reader
            return nil
        }
        if mayResume { commands.enqueue(.resume(id)) }
        return known
    }

    private static func read(_ state: inout State, mayResume: inout Bool) -> BodyResult? {
        guard !state.buffer.isEmpty else { return state.end.map { end in end.map { nil } } }
        mayResume = state.isPaused && state.end == nil
        state.isPaused = false
        return .success(state.buffer.drain())
    }

    private static func knownHead(_ state: State) -> HeadResult? {
        if let head = state.head { return head }
        // A missing head is an error even if the transfer reports success.
        return state.end.map { end in end.flatMap { .failure(.cancelled) } }
    }

    private func handleCancellation() {
        switch cancellation {
        case .abort: cancel()
        case .drain(let within):
            let isFirst = state.withLock { state in
                defer { state.isDraining = true }
                return !state.isDraining && state.end == nil
            }
            if isFirst { commands.enqueue(.expire(id, after: within)) }
        }
    }

    /// Ends the response; false if it had already ended.
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
    /// Removes and returns all elements.
    fileprivate mutating func drain() -> [UInt8] {
        defer { self = [] }
        return self
    }
}
