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
    private var news: [Transfer] = []
    /// Easy handles of ended transfers, for reuse.
    private var spares: [EasyHandle] = []
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
        spares = []
        curl_multi_cleanup(multi)
    }

    /// Runs until stopped and idle.
    func run() {
        commands.open(MultiWakeup(multi))
        while !isDone {
            obeyCommands()
            admit()
            var running: CInt = 0
            curl_multi_perform(multi, &running)
            readResults()
            wakeReaders()
            endWhatIsLate()
            guard !isDone else { break }
            if commands.mayWait() { curl_multi_poll(multi, nil, 0, CInt(waitMilliseconds), nil) }
        }
        for command in commands.close() {
            if case .start(let order) = command { order.channel.finish(.stopped) }
        }
    }

    private var isDone: Bool { stopsAt != nil && active.isEmpty && waiting.isEmpty }

    private var waitMilliseconds: Int {
        guard let due = [nextCheck, stopsAt].compactMap({ $0 }).min() else { return 60_000 }
        return min(60_000, max(0, Instant.now.duration(to: due).wholeMilliseconds))
    }

    // MARK: Commands

    private func obeyCommands() {
        for command in commands.takeAll() {
            switch command {
            case .start(let order): enqueue(order)
            case .resume(let id): if let error = active[id]?.resume() { end(id, error) }
            case .abort(let id): end(id, .cancelled)
            case .expire(let id, let after): expire(id, at: .now + after)
            case .stop(let grace): stopsAt = min(stopsAt ?? .now + grace, .now + grace)
            }
        }
    }

    private func enqueue(_ order: TransferRequest) {
        guard waiting.count < configuration.maximumWaiting else {
            return order.channel.finish(.overloaded(waiting: waiting.count))
        }
        waiting[order.id] = order
        admission.append(order.id, to: order.origin)
        noteDeadline(order.sentAt + order.request.timeouts.total)
    }

    private func expire(_ id: TransferID, at instant: Instant) {
        // An unsent request has cost nothing.
        if waiting[id] != nil { return end(id, .cancelled) }
        active[id]?.expire(at: instant)
        noteDeadline(instant)
    }

    // MARK: Transfers

    private func admit() {
        while let id = admission.next() {
            guard let order = waiting.removeValue(forKey: id) else { continue }
            start(order)
        }
    }

    private func start(_ order: TransferRequest) {
        guard let easy = spares.popLast() ?? EasyHandle() else {
            admission.finish(at: order.origin)
            return order.channel.finish(.connect(host: order.origin.host, reason: "out of memory"))
        }
        let transfer = Transfer(
            order: order, easy: easy, loop: self, maximumHeadBytes: configuration.maximumHeadBytes, startedAt: .now)
        active[order.id] = transfer
        do throws(UpstreamError) {
            try transfer.prepare(configuration)
            curl_multi_add_handle(multi, easy.pointer)
            noteDeadline(transfer.deadline.at)
            // The idle timeout starts with the first byte, which the loop does not see.
            noteDeadline(transfer.startedAt + order.request.timeouts.idle)
        } catch {
            end(order.id, error)
        }
    }

    /// Schedules a wakeup of the transfer's reader.
    func noteNews(of transfer: Transfer) {
        guard !transfer.hasNews else { return }
        transfer.hasNews = true
        news.append(transfer)
    }

    /// Wakes each reader once per iteration.
    private func wakeReaders() {
        guard !news.isEmpty else { return }
        for transfer in news {
            transfer.hasNews = false
            transfer.order.channel.wake()
        }
        news.removeAll(keepingCapacity: true)
    }

    private func readResults() {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let context = hera_easy_context(easy), let transfer = Transfer.at(context)
            else { continue }
            let code = message.pointee.data.result
            curl_multi_remove_handle(multi, easy)
            if stopsAt == nil, transfer.triesAgain(after: code) {
                logger.debug(
                    "connection broke before the first byte, trying once more",
                    metadata: ["host": "\(transfer.order.origin.host)", "reason": "\(Curl.text(of: code))"])
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
        if let order = waiting.removeValue(forKey: id) {
            admission.remove(id, at: order.origin)
            order.channel.finish(error)
        } else if let transfer = active[id] {
            curl_multi_remove_handle(multi, transfer.easy.pointer)
            transfer.order.channel.finish(error)
            retire(transfer)
        }
    }

    private func retire(_ transfer: Transfer) {
        active[transfer.order.id] = nil
        admission.finish(at: transfer.order.origin)
        guard spares.count < configuration.maximumIdleConnections else { return }
        transfer.easy.reset()
        spares.append(transfer.easy)
    }

    // MARK: Time

    private func noteDeadline(_ instant: Instant) {
        nextCheck = min(nextCheck ?? instant, instant)
    }

    /// Enforces timeouts. Deadlines mostly move forward as bytes arrive, so all are checked only when the nearest has
    /// passed.
    private func endWhatIsLate() {
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
                    metadata: ["host": "\(transfer.order.origin.host)", "reason": "\(deadline.error)"])
                end(id, deadline.error)
            } else {
                noteDeadline(min(deadline.at, now + transfer.order.request.timeouts.idle))
            }
        }
        for (id, order) in waiting {
            let total = order.request.timeouts.total
            if order.sentAt + total <= now {
                end(id, .timeout(.queue, after: total, host: order.origin.host, bytesReceived: 0))
            } else {
                noteDeadline(order.sentAt + total)
            }
        }
        admit()
    }
}
