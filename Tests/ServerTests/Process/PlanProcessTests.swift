import Domain
import Foundation
import JSON
import Testing

@Suite("hera plan, as a program", .serialized)
struct PlanProcessTests {
    /// Creates a folder with one shipped profile and 60 rows of its suite. A cheap model is right on half of them, a
    /// dear one on all.
    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-plan-\(UUID())")
        let profiles = folder.appendingPathComponent("Profiles")
        try FileManager.default.createDirectory(at: profiles, withIntermediateDirectories: true)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.copyItem(
            at: root.appendingPathComponent("Profiles/overruling.profile"),
            to: profiles.appendingPathComponent("overruling.profile"))
        let lines = (0..<60).map { index in
            #"{"id":"r\#(index)","suite":"overruling","dataset":"overruling","split":"validation","prompt":"#
                + #""Context: we hereby overrule case \#(index).\nQuestion: Is it overruling?","outcomes":"#
                + #"{"gpt-4":{"score":1,"cost_usd":0.008},"medium":{"score":\#(index % 2),"cost_usd":0.0005}}}"#
        }
        try (lines.joined(separator: "\n") + "\n").write(
            to: folder.appendingPathComponent("rows.jsonl"), atomically: true, encoding: .utf8)
        return folder
    }

    private func plan(_ folder: URL, _ options: [String], rows: String = "rows.jsonl") throws -> HeraCommand {
        try HeraCommand(["plan", "--profiles", "Profiles", "--outcomes", rows] + options, in: folder)
    }

    @Test("the report holds what was planned, what came of it, the bound and the gap")
    func report() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for options in [[], ["--follow"]] {
            let ended = try plan(folder, ["--budget", "0.3", "--format", "json"] + options)
            #expect(ended.code == 0, "\(ended.errors)")
            let json = try JSONDocument(Array(ended.output.utf8)).root
            #expect(json["rows"]?.integer == 60)
            #expect(json["models"]?.integer == 2)
            let planned = try #require(json["planned"])
            let realised = try #require(json["realised"])
            for totals in [planned, realised] {
                #expect(try #require(totals["cost_usd"]?.double) > 0)
                #expect((0...1).contains(try #require(totals["accuracy"]?.double)))
            }
            #expect(try #require(planned["cost_usd"]?.double) <= 0.3)
            #expect(try #require(json["pessimistic_cost_usd"]?.double) <= 0.3 * (1 + 1e-9))
            let accuracy = try #require(planned["accuracy"]?.double)
            #expect(try #require(json["bound"]?.double) >= accuracy - 1e-12)
            #expect(try #require(json["gap"]?.double) >= 0)
            #expect(json["replans"] != nil)
        }
    }

    @Test("too small a budget is rejected with a sufficient one, which is accepted")
    func tooSmall() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let refused = try plan(folder, ["--budget", "0.000001"])
        #expect(refused.code == 65)
        let least = try #require(refused.errors.firstMatch(of: #/--budget ([0-9.]+) would do/#)).1
        let enough = try plan(folder, ["--budget", String(least)])
        #expect(enough.code == 0, "\(enough.errors)")
        #expect(enough.output.contains("60 rows, 2 models"))
    }

    @Test(
        "invalid usage and files are reported with their own exit codes",
        arguments: [
            (["--budget=-1"], "rows.jsonl", Int32(64), "--budget has to be at least 0"),
            (["--budget", "nan"], "rows.jsonl", 64, "--budget"),
            (["--budget", "1", "--confidence", "1"], "rows.jsonl", 64, "--confidence has to be"),
            (["--budget", "1", "--rows", "0"], "rows.jsonl", 64, "--rows has to be at least 1"),
            (["--budget", "1", "--split", "train"], "rows.jsonl", 65, "no row is of that split"),
            (["--budget", "1"], "absent.jsonl", 66, "absent.jsonl"),
        ])
    func wrong(options: [String], rows: String, code: Int32, message: String) throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let ended = try plan(folder, options, rows: rows)
        #expect(ended.code == code)
        #expect(ended.errors.contains(message), "\(ended.errors)")
        #expect(ended.output.isEmpty)
    }
}
