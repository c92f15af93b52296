import CCurl
import Logging

/// The event loop of a client's transfers, confined to one thread: handles commands, drives libcurl, enforces timeouts.
final class TransferLoop {
    private typealias Instant = ContinuousClock.Instant

    private let multi: UnsafeMutableRawPointer
    private let commands: CommandQueue
    private let configuration: UpstreamConfiguration
    private let logger: Logger
    private var waiting: [TransferID: TransferRequest] = [:]
    private var active: [TransferID: Transfer] = [:]
    private var admission: AdmissionQueue
    /// Transfers whose readers must be woken.
    private var pendingWakeups: [Transfer] = []
    /// Easy handles of ended transfers, for reuse.
    private var idleHandles: [EasyHandle] = []
    /// Lower bound of all deadlines.
    private var nextCheck: Instant?
    /// End of the grace period; later transfers are aborted.
    private var stopsAt: Instant?

    /// nil when libcurl has no memory or no sockets left.
    init?(commands: CommandQueue, configuration: UpstreamConfiguration, logger: Logger) {
        guard Curl.isReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.commands = commands
        self.configuration = configuration
        self.logger = logger
        admission = AdmissionQueue(
            limit: configuration.maximumConcurrent, limitPerOrigin: configuration.maximumConcurrentPerHost)
        hera_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        hera_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, configuration.maximumIdleConnections))
    }

    deinit {
        idleHandles = []
        curl_multi_cleanup(multi)
    }

    /// Runs until stopped and idle.
    func run() {
        commands.open(MultiWakeup(multi))
        while !isDone {
            handleCommands()
            admit()
            var running: CInt = 0
            curl_multi_perform(multi, &running)
            readResults()
            wakeReaders()
            enforceDeadlines()
            guard !isDone else { break }
            if commands.mayWait() { curl_multi_poll(multi, nil, 0, CInt(waitMilliseconds), nil) }
        }
        for command in commands.close() {
            if case .start(let request) = command { request.channel.finish(.stopped) }
        }
    }

    private var isDone: Bool { stopsAt != nil && active.isEmpty && waiting.isEmpty }

    private var waitMilliseconds: Int {
        guard let due = [nextCheck, stopsAt].compactMap({ $0 }).min() else { return 60_000 }
        return min(60_000, max(0, Instant.now.duration(to: due).wholeMilliseconds))
    }

    // MARK: Commands

    private func handleCommands() {
        for command in commands.drain() {
            switch command {
            case .start(let request): enqueue(request)
            case .resume(let id): if let error = active[id]?.resume() { end(id, error) }
            case .abort(let id): end(id, .cancelled)
            case .expire(let id, let after): expire(id, at: .now + after)
            case .stop(let grace): stopsAt = min(stopsAt ?? .now + grace, .now + grace)
            }
        }
    }

    private func enqueue(_ request: TransferRequest) {
        guard waiting.count < configuration.maximumWaiting else {
            return request.channel.finish(.overloaded(waiting: waiting.count))
        }
        waiting[request.id] = request
        admission.append(request.id, to: request.origin)
        scheduleCheck(request.sentAt + request.http.timeouts.total)
    }

    private func expire(_ id: TransferID, at instant: Instant) {
        // An unsent request has cost nothing.
        if waiting[id] != nil { return end(id, .cancelled) }
        active[id]?.expire(at: instant)
        scheduleCheck(instant)
    }

    // MARK: Transfers

    private func admit() {
        while let id = admission.next() {
            guard let request = waiting.removeValue(forKey: id) else { continue }
            start(request)
        }
    }

    private func start(_ request: TransferRequest) {
        guard let easy = idleHandles.popLast() ?? EasyHandle() else {
            admission.finish(at: request.origin)
            return request.channel.finish(.connect(host: request.origin.host, reason: "out of memory"))
        }
        let transfer = Transfer(
            request: request, easy: easy, loop: self, configuration: configuration, startedAt: .now)
        active[request.id] = transfer
        do throws(UpstreamError) {
            try transfer.prepare(configuration)
            curl_multi_add_handle(multi, easy.pointer)
            scheduleCheck(transfer.deadline.at)
            // The idle timeout starts with the first byte, which the loop does not see.
            scheduleCheck(transfer.startedAt + request.http.timeouts.idle)
        } catch {
            end(request.id, error)
        }
    }

    /// Schedules a wakeup of the transfer's reader.
    func scheduleWakeup(of transfer: Transfer) {
        guard !transfer.isWakeupPending else { return }
        transfer.isWakeupPending = true
        pendingWakeups.append(transfer)
    }

    /// Wakes each reader once per iteration.
    private func wakeReaders() {
        guard !pendingWakeups.isEmpty else { return }
        for transfer in pendingWakeups {
            transfer.isWakeupPending = false
            transfer.request.channel.wake()
        }
        pendingWakeups.removeAll(keepingCapacity: true)
    }

    private func readResults() {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let context = hera_easy_context(easy), let transfer = Transfer.at(context)
            else { continue }
            let code = message.pointee.data.result
            curl_multi_remove_handle(multi, easy)
            if stopsAt == nil, transfer.shouldRetry(after: code) {
                logger.debug(
                    "connection broke before the first byte, trying once more",
                    metadata: ["host": "\(transfer.request.origin.host)", "reason": "\(Curl.text(of: code))"])
                curl_multi_add_handle(multi, easy)
                continue
            }
            transfer.finish(code)
            retire(transfer)
        }
        admit()
    }

    /// Aborts a running transfer, or removes a queued one.
    private func end(_ id: TransferID, _ error: UpstreamError) {
        if let request = waiting.removeValue(forKey: id) {
            admission.remove(id, at: request.origin)
            request.channel.finish(error)
        } else if let transfer = active[id] {
            curl_multi_remove_handle(multi, transfer.easy.pointer)
            transfer.request.channel.finish(error)
            retire(transfer)
        }
    }

    private func retire(_ transfer: Transfer) {
        active[transfer.request.id] = nil
        admission.finish(at: transfer.request.origin)
        guard idleHandles.count < configuration.maximumIdleConnections else { return }
        transfer.easy.reset()
        idleHandles.append(transfer.easy)
    }

    // MARK: Time

    private func scheduleCheck(_ instant: Instant) {
        nextCheck = min(nextCheck ?? instant, instant)
    }

    /// Enforces timeouts. Deadlines mostly move forward as bytes arrive, so all are checked only when the nearest has
    /// passed.
    private func enforceDeadlines() {
        let now = Instant.now
        if let stopsAt, stopsAt <= now {
            for id in waiting.keys { end(id, .stopped) }
            for (id, transfer) in active { end(id, transfer.wasSent ? .cancelled : .stopped) }
        }
        guard let nextCheck, nextCheck <= now else { return }
        self.nextCheck = nil
        for (id, transfer) in active {
            let deadline = transfer.deadline
            if deadline.at <= now {
                logger.debug(
                    "transfer ended",
                    metadata: ["host": "\(transfer.request.origin.host)", "reason": "\(deadline.error)"])
                end(id, deadline.error)
            } else {
                scheduleCheck(min(deadline.at, now + transfer.request.http.timeouts.idle))
            }
        }
        for (id, request) in waiting {
            let total = request.http.timeouts.total
            if request.sentAt + total <= now {
                end(id, .timeout(.queue, after: total, host: request.origin.host, bytesReceived: 0))
            } else {
                scheduleCheck(request.sentAt + total)
            }
        }
        admit()
    }
}
