import Domain
import Foundation
import ScriptedUpstream
import Testing

@testable import Ledger

@Suite("Metrics of a process")
struct MetricsProcessTests {
    @Test("calls, tokens, money, decisions and requests of the process are on /metrics")
    func counters() async throws {
        let usage = ScriptedUsage(promptTokens: 20, completionTokens: 8)
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(["test/small"]) : .completion("4", usage: usage)
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let hera = try await HeraProcess.start(in: folder)
            defer { hera.kill() }
            let body = #"{"model":"hera","messages":[{"role":"user","content":"2+2?"}]}"#
            for _ in 0..<3 { _ = try await hera.request("POST", "/v1/chat/completions", body: body) }
            let lines = Set(try await hera.text("/metrics").split(separator: "\n").map(String.init))
            let own = #"kind="call",model="test/small""#
            for line in [
                "hera_calls_total{\(own),outcome=\"completed\"} 3",
                "hera_tokens_total{class=\"input\",\(own)} 60",
                "hera_tokens_total{class=\"output\",\(own)} 24",
                "hera_call_seconds_count{\(own)} 3",
                "hera_model_live{model=\"test/small\"} 1",
                "# TYPE http_server_request_duration_seconds histogram",
            ] {
                #expect(lines.contains(line), "no line: \(line)")
            }
            // 20 tokens at 1 USD per million and 8 at 2, three times: the binary sum is inexact.
            let cost = lines.first { $0.hasPrefix("hera_cost_usd_total{\(own)} ") }?.split(separator: " ").last
            let usd = try #require(cost.flatMap { Double($0) })
            #expect(abs(usd - 0.000108) < 1e-12)
            let decisions = lines.filter { $0.hasPrefix("hera_decisions_total{model=\"test/small\"") }
            #expect(decisions.count == 1 && decisions.first?.hasSuffix(" 3") == true)
        }
    }
}

@Suite("Processes of an earlier version", .serialized)
struct VersionProcessTests {
    @Test("a service ends once a later version has brought its ledger's tables up to date, and says so by its code")
    func ends() async throws {
        try await ScriptedUpstream.with { _ in
            .models(["test/small"])
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let hera = try await HeraProcess.start(in: folder, leaseSeconds: 1)
            defer { hera.kill() }
            let database = try SQLiteDatabase(path: folder.appendingPathComponent("hera.sqlite").path)
            var written: Result<Int, LedgerError> = .success(0)
            database.withWriter { connection in
                written = Result { () throws(LedgerError) in
                    try connection.execute("INSERT INTO grdb_migrations VALUES ('99 future')", [])
                }
            }
            #expect(try written.get() == 1)
            database.close()
            #expect(try await hera.exitCode() == 65)
        }
    }
}
