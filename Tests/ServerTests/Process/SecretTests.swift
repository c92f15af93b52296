import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport
import Testing

/// Whatever goes wrong, no secret is in an answer, in the log or in the database.
@Suite("Secrets of a running service")
struct SecretTests {
    private static let providerKey = "sk-provider-4f9a2c71d8e3"
    private static let operatorKey = "operator-secret-91b7"

    @Test("keys of callers and of providers are in no answer, no line of the log and no byte of the ledger")
    func nowhere() async throws {
        try await ScriptedUpstream.with { request in
            if request.method == "GET" { return .models(["test/small"]) }
            let key = request.header("authorization") ?? ""
            // A server that repeats what it was sent, in an error and in an answer.
            if request.bodyText.contains("fail") {
                return .json(#"{"error":{"message":"bad key \#(key)","code":"\#(key)","type":"x"}}"#, status: 401)
            }
            return .completion("ok", usage: ScriptedUsage(promptTokens: 3, completionTokens: 1))
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let catalog = folder.appendingPathComponent("Catalog/test.yaml")
            let entry = try String(contentsOf: catalog, encoding: .utf8) + "\n    key_variable: TEST_KEY\n"
            try entry.write(to: catalog, atomically: true, encoding: .utf8)
            let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("hera.sqlite").path)
            let callerKey = try await ledger.createKey(AccessKey(createdAt: .now()), budgets: [])
            await ledger.close()
            let secrets = [Self.providerKey, String(callerKey.split(separator: "-")[2]), Self.operatorKey]
            let node = try await HeraProcess.start(
                in: folder,
                environment: [
                    "TEST_KEY": Self.providerKey, "HERA_API_KEY": Self.operatorKey, "HERA_LOG_LEVEL": "debug",
                ])
            defer { node.kill() }
            var texts: [String] = []
            var statuses: [Int] = []
            for (content, key) in [
                ("hello", callerKey), ("hello", Self.operatorKey), ("hello", "hera-x-wrong"), ("fail", callerKey),
            ] {
                let body = #"{"model":"hera","messages":[{"role":"user","content":"\#(content)"}]}"#
                let answer = try await node.answer("POST", "/v1/chat/completions", body: body, key: key)
                statuses.append(answer.status)
                texts.append(String(decoding: answer.root.raw, as: UTF8.self))
            }
            #expect(statuses[0..<3] == [200, 200, 401] && statuses[3] >= 500)
            for path in ["/v1/keys", "/v1/decisions", "/v1/dashboard", "/v1/access_changes", "/v1/models?all=true"] {
                let answer = try await node.answer("GET", path, key: Self.operatorKey)
                texts.append(String(decoding: answer.root.raw, as: UTF8.self))
            }
            node.kill()
            #expect(models.record.requests.contains { $0.header("authorization")?.contains(Self.providerKey) == true })
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let files = names.filter { $0.hasPrefix("hera.sqlite") }
            #expect(!files.isEmpty && !node.log.isEmpty)
            for secret in secrets {
                for name in files {
                    let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
                    #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
                }
                for text in texts + [node.log] { #expect(!text.contains(secret)) }
            }
        }
    }
}
