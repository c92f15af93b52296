import Calls
import Domain
import Foundation
import JSON
import Ledger
import Logging
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Steps

@Suite("Alerts of budgets over HTTP")
struct AlertSenderTests {
    /// Runs a body with a sender to a scripted server, over a ledger with a budget of 1,000 nano-USD.
    private func with(
        secrets: [String: String] = [:], script: @escaping @Sendable (ScriptedRequest) -> ScriptedReply,
        _ body: @escaping @Sendable (LedgerStore, AlertSender, ScriptedUpstream) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("alerts-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let ledger = try LedgerStore.sqlite(path: path)
        try await ledger.write {
            try $0.setBudget(
                Budget(scope: .key("k"), limit: .usd(Money(nanoUSD: 1000)), window: .month), at: .now())
        }
        try await Loopback.with(script: script) { loopback in
            let hook = Hook(
                url: loopback.server.baseURL + "/alerts", keyVariable: "HOOK_KEY", secretVariable: "HOOK_SECRET")
            let sender = AlertSender(
                hook: hook, ledger: ledger, upstream: loopback.client, keys: APIKeys(environment: secrets),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pause: 0)
            try await body(ledger, sender, loopback.server)
        }
        await ledger.close()
    }

    private static func spend(_ nanoUSD: Int64, on ledger: LedgerStore) async throws {
        let call = PlannedCall(
            runID: "r", attribution: Attribution(key: "k"), model: ModelID("test/m"), provider: "test",
            placement: .cloud, catalogVersion: "c", predicted: .zero)
        let cost = CallCost(api: Money(nanoUSD: nanoUSD), energy: .zero, hardware: .zero)
        try await ledger.append(
            LedgerEntry(
                id: Identifier.make("e"), at: .now(), call: call,
                result: CallResult(
                    usage: Usage(), figures: CallFigures(cost: cost, energyJoules: 0, latencySeconds: 0))))
    }

    @Test("a variable that a hook names and that is not set is a problem")
    func variables() throws {
        let json = try JSONDocument(Array(#"{"url":"https://h.test","key_env":"K","secret_env":"S"}"#.utf8)).root
        let hook = try Hook(json: json, path: "alerts")
        #expect(hook.problem(APIKeys(environment: ["K": "k", "S": "s"])) == nil)
        #expect(hook.problem(APIKeys(environment: ["K": "k"]))?.contains("needs S, which is not set") == true)
        #expect(hook.problem(APIKeys(environment: ["S": "s", "K": ""]))?.contains("needs K") == true)
        #expect(Hook(url: "https://h.test").problem(APIKeys(environment: [:])) == nil)
    }

    @Test("an alert is sent once, with its figures and without a key that is not set")
    func sent() async throws {
        try await with { _ in
            .json("{}")
        } _: { ledger, sender, server async throws in
            await sender.sendAll()
            #expect(server.record.requests.isEmpty)
            try await Self.spend(820, on: ledger)
            await sender.sendAll()
            await sender.sendAll()
            let requests = server.record.requests
            #expect(requests.count == 2 && requests.allSatisfy { $0.path.hasSuffix("/alerts") })
            let root = try JSONDocument(Array(requests[1].bodyText.utf8)).root
            #expect(root["type"]?.string == "budget.reached")
            let data = root["data"]
            #expect(data?["scope"]?.string == "key:k" && data?["level"]?.integer == 80)
            #expect(data?["spent"]?.numberText == "0.00000082" && data?["limit"]?.numberText == "0.000001")
            #expect(data?["window"]?.string == "month" && data?["refused"]?.boolean == false)
            #expect(requests[1].header("webhook-id") == root["id"]?.string)
            #expect(requests[1].header("authorization") == nil && requests[1].header("webhook-signature") == nil)
        }
    }

    @Test("an alert that the server does not take is sent again with the same id", arguments: [500, 404])
    func again(status: Int) async throws {
        let isWell = Mutex(false)
        try await with { _ in
            .json("{}", status: isWell.withLock { $0 } ? 200 : status)
        } _: { ledger, sender, server async throws in
            try await Self.spend(500, on: ledger)
            await sender.sendAll()
            // The next try comes after the pause, which is none here but for the clock's next millisecond.
            try await waitUntil("a second try") {
                await sender.sendAll()
                return server.record.requests.count > 1
            }
            isWell.withLock { $0 = true }
            try await waitUntil("an alert that was taken") {
                await sender.sendAll()
                return try await !ledger.read {
                    try $0.hasAlerts(
                        from: Timestamp(milliseconds: 0), pause: 0, at: Timestamp.now().advanced(bySeconds: 60))
                }
            }
            #expect(Set(server.record.requests.compactMap { $0.header("webhook-id") }).count == 1)
        }
    }

    @Test("a message is signed as Standard Webhooks does, and carries its key")
    func signature() {
        // The example of the standard's reference implementation.
        let keys = APIKeys(environment: ["S": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "K": "token"])
        let hook = Hook(url: "https://hooks.example.com", keyVariable: "K", secretVariable: "S")
        let request = hook.request(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: Array(#"{"test": 2432232314}"#.utf8),
            at: Timestamp(milliseconds: 1_614_265_330_000), keys: keys)
        let headers = Dictionary(uniqueKeysWithValues: request.headers)
        #expect(headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(headers["webhook-timestamp"] == "1614265330")
        #expect(headers["Authorization"] == "Bearer token")
    }

    @Test("a hook without a usable address is refused with its field", arguments: [#"{}"#, #"{"url":"ftp://x"}"#])
    func badHook(_ text: String) throws {
        let json = try JSONDocument(Array(text.utf8)).root
        let error = #expect(throws: FieldError.self) { try Hook(json: json, path: "alerts") }
        #expect(error?.field == "alerts.url")
    }
}
