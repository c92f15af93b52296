import Domain
import JSON
import Ledger
import Logging
import ScriptedUpstream
import Synchronization
import TestSupport
import Testing
import Upstream

@testable import Calls
@testable import Steps

@Suite("Guardrails")
struct GuardrailVerdictTests {
    private static func settings(_ text: String) throws -> GuardrailRule {
        try GuardrailRule(json: try JSONDocument(Array(text.utf8)).root)
    }

    @Test("a rule checks requests and is closed where nothing else is said")
    func rule() throws {
        let rule = try Self.settings(#"{"url":"https://guard.test/check"}"#)
        #expect(rule.checksRequests && !rule.checksAnswers && rule.onFailure == .closed)
        #expect(rule.hook.timeoutSeconds == 10 && rule.textBytes == 4 << 20)
        let other = try Self.settings(
            #"{"url":"https://g.test","before":false,"after":true,"on_failure":"open","timeout_s":2,"key_env":"K"}"#)
        #expect(!other.checksRequests && other.checksAnswers && other.onFailure == .open)
        #expect(other.hook.keyVariable == "K" && other.hook.timeoutSeconds == 2)
    }

    @Test(
        "a rule that can mean nothing is refused by its member",
        arguments: [
            (#"{}"#, "guardrail.url"), (#"{"url":"x"}"#, "guardrail.url"),
            (#"{"url":"https://g.test","before":false}"#, "guardrail.before"),
            (#"{"url":"https://g.test","on_failure":"maybe"}"#, "guardrail.on_failure"),
            (#"{"url":"https://g.test","onfailure":"open"}"#, "guardrail.onfailure"),
        ])
    func faults(text: String, field: String) {
        let error = #expect(throws: FieldError.self) { try Self.settings(text) }
        #expect(error?.field == field)
    }

    @Test("the three actions are read")
    func actions() throws {
        func verdict(_ text: String) throws -> GuardrailVerdict { try GuardrailVerdict(Array(text.utf8), count: 2) }
        #expect(try verdict(#"{"action":"NONE"}"#) == .allow)
        #expect(try verdict(#"{"action":"GUARDRAIL_INTERVENED","texts":["a","b"]}"#) == .redact(["a", "b"]))
        #expect(try verdict(#"{"action":"BLOCKED","blocked_reason":"no\nnames"}"#) == .refuse(reason: "no names"))
        #expect(try verdict(#"{"action":"BLOCKED"}"#) == .refuse(reason: "it gives no reason"))
    }

    @Test(
        "an answer that is none is no verdict",
        arguments: [
            "", "NONE", "[]", "{}", #"{"action":"none"}"#, #"{"action":"GUARDRAIL_INTERVENED"}"#,
            #"{"action":"GUARDRAIL_INTERVENED","texts":["a"]}"#,
            #"{"action":"GUARDRAIL_INTERVENED","texts":["a","b","c"]}"#,
            #"{"action":"GUARDRAIL_INTERVENED","texts":["a",2]}"#,
        ])
    func garbage(text: String) {
        #expect(throws: GuardrailFault.self) { try GuardrailVerdict(Array(text.utf8), count: 2) }
    }

    @Test("a message is signed and has its key, and neither they nor the texts are logged")
    func secrets() async throws {
        let lines = LogLines()
        let texts = ["the word is swordfish"]
        try await Loopback.with { request in
            request.number == 1
                ? .json(#"{"action":"BLOCKED","blocked_reason":"swordfish"}"#) : .json(#"{"texts":["swordfish"]}"#)
        } _: { loopback async throws in
            let hook = Hook(url: loopback.server.baseURL + "/guard", keyVariable: "KEY", secretVariable: "SIGN")
            let guardrail = Guardrail(
                rule: GuardrailRule(hook: hook), upstream: loopback.client,
                keys: APIKeys(environment: ["KEY": "key-of-guard", "SIGN": "sign-of-guard"]), logger: lines.logger)
            let call = Guardrail.Call(run: "run_1", model: "hera", account: Attribution(team: "t", key: "k"))
            await #expect(throws: GuardrailError.self) { try await guardrail.changes(to: texts, .before, of: call) }
            await #expect(throws: GuardrailError.self) { try await guardrail.changes(to: texts, .before, of: call) }
            let asked = try #require(loopback.server.record.requests.first)
            #expect(asked.header("authorization") == "Bearer key-of-guard")
            #expect(asked.header("webhook-signature")?.hasPrefix("v1,") == true)
            let root = try JSONDocument(asked.body).root
            #expect(root["texts"]?.elements.map(\.string) == texts && root["input_type"]?.string == "request")
            #expect(root["request_data"]?["user_api_key_team_id"]?.string == "t")
            #expect(root["litellm_trace_id"]?.string == "run_1" && root["model"]?.string == "hera")
        }
        let log = lines.all.joined(separator: "\n")
        #expect(lines.all.count == 2 && log.contains("run_1"))
        for secret in ["key-of-guard", "sign-of-guard", "swordfish"] { #expect(!log.contains(secret), "\(log)") }
    }

    @Test("without its secret, and for texts that are too many, nothing is sent", arguments: [true, false])
    func unsent(isSigned: Bool) async throws {
        try await Loopback.with { _ in
            .json(#"{"action":"NONE"}"#)
        } _: { loopback async throws in
            let hook = Hook(url: loopback.server.baseURL, secretVariable: isSigned ? "SIGN" : nil)
            let guardrail = Guardrail(
                rule: GuardrailRule(hook: hook, textBytes: 8), upstream: loopback.client,
                keys: APIKeys(environment: [:]), logger: LogLines().logger)
            let call = Guardrail.Call(run: "r", model: "m", account: Attribution())
            let text = isSigned ? "short" : "longer than that"
            await #expect(throws: GuardrailError.self) { try await guardrail.changes(to: [text], .before, of: call) }
            #expect(loopback.server.record.requests.isEmpty)
        }
    }
}

/// Keeps what is logged.
private final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private func add(_ line: String) { lines.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.add("\(event.message) \(event.metadata ?? [:])")
        }
    }
}
