import Calls
import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport
import Testing

@Suite("The service as a process")
struct ServeProcessTests {
    @Test("failed attempts and requests are counted on every surface, and a hangup does not end the service")
    func failures() async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET" ? .models(["test/small"]) : .status(500)
        } _: { models async throws in
            let folder = try HeraProcess.folder(modelsAt: models.baseURL)
            defer { try? FileManager.default.removeItem(at: folder) }
            let hera = try await HeraProcess.start(in: folder)
            defer { hera.kill() }
            hera.hangUp()
            let body = #"{"model":"hera","messages":[{"role":"user","content":"2+2?"}]}"#
            for _ in 0..<3 { _ = try await hera.request("POST", "/v1/chat/completions", body: body) }
            let lines = Set(try await hera.text("/metrics").split(separator: "\n").map(String.init))
            for line in [
                #"hera_call_failures_total{model="test/small",reason="http_500"} 3"#,
                #"hera_calls_total{kind="unbilled",model="test/small",outcome="failed"} 3"#,
            ] {
                #expect(lines.contains(line), "no line: \(line)")
            }
            let errors = lines.first { $0.hasPrefix("hb_request_errors_total{") && $0.contains("chat/completions") }
            #expect(errors?.hasSuffix(" 3") == true, "\(errors ?? "none")")
            let dashboard = try await hera.request("GET", "/v1/dashboard")
            #expect(dashboard["totals"]?["failures"]?.integer == 3)
            let failed = dashboard["failed_attempts"]?.elements.first { _ in true }
            #expect(failed?["model"]?.string == "test/small" && failed?["reason"]?.string == "http_500")
            #expect(failed?["count"]?.integer == 3)
            try hera.end()
            let files = FileManager.default
            let path = folder.appendingPathComponent("hera.sqlite").path
            #expect(try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            let log = (try? files.attributesOfItem(atPath: path + "-wal"))?[.size] as? Int ?? 0
            #expect(log == 0, "the write-ahead log is empty after the end")
        }
    }

    @Test("a port that is none is refused", arguments: ["70000", "-1", "65536"])
    func port(number: String) throws {
        let end = try HeraCommand(["serve", "--port=\(number)"], in: FileManager.default.temporaryDirectory)
        #expect(end.code == 64 && end.errors.contains("65535"), "\(end.errors)")
    }

    @Test("names that a spreadsheet would compute are text in a CSV export")
    func formulas() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("csv-\(UUID())").path
        defer { for end in ["", "-wal", "-shm", "-nodes"] { try? FileManager.default.removeItem(atPath: path + end) } }
        let ledger = try LedgerStore.sqlite(path: path)
        let teams = [
            #"=HYPERLINK("http://x","y")"#, "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-2+3", " =1", "\t=1", "red",
        ]
        for (number, team) in teams.enumerated() {
            let call = PlannedCall(
                runID: "r", attribution: Attribution(team: team), model: ModelID("m"), provider: "p", placement: .cloud,
                catalogVersion: "t", predicted: .zero)
            try await ledger.append(
                LedgerEntry(
                    id: "e\(number)", at: .now(), call: call, result: CallResult(usage: Usage(), figures: .zero)))
        }
        await ledger.close()
        let csv = try HeraProcess.command([
            "dashboard", "export", "--group-by", "team", "--format", "csv", "--database", "sqlite:\(path)",
        ])
        let cells = csv.split(separator: "\n").dropFirst().map { $0.drop { $0 == "\"" } }
        #expect(cells.count == teams.count, "\(csv)")
        #expect(cells.allSatisfy { $0.hasPrefix("'") || $0.hasPrefix("red") }, "\(csv)")
    }
}
