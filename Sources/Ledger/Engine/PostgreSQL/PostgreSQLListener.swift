import CPostgres
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Receives the notifications of all nodes (`LISTEN`) on its own connection and publishes them to a hub.
///
/// Notifications are lost while the server is away; the listener reconnects, and its clients poll meanwhile.
final class PostgreSQLListener: Sendable {
    static let channel = "hera"

    private let url: String
    private let hub: NotificationHub
    private let queue = DispatchQueue(label: "hera.ledger.listener")
    private let state = Mutex(State())

    private struct State {
        var isStarted = false
        var isClosed = false
    }

    private static let pollMilliseconds: Int32 = 200

    init(url: String, hub: NotificationHub) {
        self.url = url
        self.hub = hub
    }

    /// Starts listening once. Returns when the server has confirmed it or is away.
    func start() {
        let starts = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted && !state.isClosed
        }
        guard starts else { return }
        let ready = DispatchSemaphore(value: 0)
        queue.async {
            var connection = self.connected()
            ready.signal()
            while !self.isClosed {
                if let open = connection, open.isUsable {
                    self.hub.publish(open.notices(waitingMilliseconds: Self.pollMilliseconds))
                } else {
                    usleep(UInt32(Self.pollMilliseconds) * 1000)
                    connection = self.connected()
                }
            }
        }
        ready.wait()
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func connected() -> PostgreSQLConnection? {
        guard let connection = try? PostgreSQLConnection(url: url),
            (try? connection.script("LISTEN \(Self.channel)")) != nil
        else { return nil }
        return connection
    }

    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }
}

extension PostgreSQLConnection {
    /// Notifications that have arrived, or arrive within a time.
    fileprivate func notices(waitingMilliseconds: Int32) -> [LedgerNotification] {
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, waitingMilliseconds)
        guard PQconsumeInput(handle) == 1 else { return [] }
        var notices: [LedgerNotification] = []
        while let notification = PQnotifies(handle) {
            if let text = notification.pointee.extra, let notice = LedgerNotification(String(cString: text)) {
                notices.append(notice)
            }
            PQfreemem(notification)
        }
        return notices
    }
}
