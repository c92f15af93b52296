package import Calls
import Domain
import JSON
package import Ledger
package import Logging
import ServiceLifecycle
package import Upstream

/// Tells the operator's server of budgets that reach 50, 80 and 100 per cent (`alerts` of the settings).
///
/// The ledger notes each level together with the money, once for each window. An alert is sent until the server takes it,
/// for a day, by any node; a restart loses none.
package struct AlertSender: Service {
    private let hook: Hook
    private let ledger: LedgerStore
    private let upstream: UpstreamClient
    private let keys: APIKeys
    private let logger: Logger
    private let interval: Duration
    private let pause: Double

    private static let secondsOfUse = 86_400.0
    private static let mostTogether = 20

    /// - Parameters:
    ///   - interval: how often alerts are looked for.
    ///   - pause: seconds after a failed try until the next one.
    package init(
        hook: Hook, ledger: LedgerStore, upstream: UpstreamClient, keys: APIKeys, logger: Logger,
        interval: Duration = .seconds(5), pause: Double = 60
    ) {
        self.hook = hook
        self.ledger = ledger
        self.upstream = upstream
        self.keys = keys
        self.logger = logger
        self.interval = interval
        self.pause = pause
    }

    /// Runs until graceful shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            repeat { await sendAll() } while (try? await Task.sleep(for: interval)) != nil
        }
    }

    /// Sends what waits, until there is nothing left or the server does not take something.
    package func sendAll() async {
        do {
            var hasFailed = false
            while !hasFailed {
                let now = Timestamp.now()
                let from = now.advanced(bySeconds: -Self.secondsOfUse)
                let pause = pause
                guard try await ledger.read({ try $0.hasAlerts(from: from, pause: pause, at: now) }) else { return }
                let alerts = try await ledger.write {
                    try $0.claimAlerts(from: from, pause: pause, at: now, limit: Self.mostTogether)
                }
                for alert in alerts {
                    guard await send(alert) else {
                        hasFailed = true
                        continue
                    }
                    try await ledger.write { try $0.confirmAlert(alert.id, at: .now()) }
                }
            }
        } catch {
            logger.error("alerts of budgets cannot be read", metadata: ["reason": "\(error)"])
        }
    }

    private func send(_ alert: BudgetAlert) async -> Bool {
        do throws(UpstreamError) {
            let response = try await upstream.send(
                hook.request(id: alert.id, body: alert.message, at: .now(), keys: keys))
            response.cancel()
            if (200..<300).contains(response.status) { return true }
            logger.warning(
                "an alert of a budget was not taken",
                metadata: ["scope": "\(alert.scope)", "level": "\(alert.level)", "status": "\(response.status)"])
        } catch {
            logger.warning(
                "an alert of a budget was not sent", metadata: ["scope": "\(alert.scope)", "reason": "\(error)"])
        }
        return false
    }
}

extension BudgetAlert {
    /// The body of the message. Amounts are in the budget's unit: USD, tokens or joules.
    var message: [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("id", id)
            object.member("type", "budget.reached")
            object.member("timestamp", at.description)
            object.member(
                "data",
                object: { data in
                    data.member("scope", scope.description)
                    data.member("unit", limit.unit.rawValue)
                    data.member("window", window.description)
                    data.member("window_start", windowStart?.description)
                    data.member("level", level)
                    data.member("limit", raw: limit.unit.number(limit.amount).utf8)
                    data.member("spent", raw: limit.unit.number(spent).utf8)
                    data.member("refused", isRefusal)
                })
        }
        return writer.bytes
    }
}
