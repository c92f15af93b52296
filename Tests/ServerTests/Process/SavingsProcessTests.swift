import Domain
import Foundation
import JSON
import Testing

@Suite("hera savings and hera evaluate --policy, as programs", .serialized)
struct SavingsProcessTests {
    /// The repository's root, with catalog and profiles.
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func file(_ lines: [String]) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("hera-savings-\(UUID()).jsonl")
        try (lines.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
        return url
    }

    @Test("a log is set against what was asked for, and a line that is no request is named")
    func savings() throws {
        let log = try file(
            (0..<5).map {
                #"{"model":"openai/gpt-6-astra","messages":[{"role":"user","content":"What is \#($0) + 5?"}]}"#
            }
                + ["nonsense", #"{"messages":[{"role":"user","content":"Name a colour."}]}"#])
        defer { try? FileManager.default.removeItem(at: log) }
        let result = try HeraCommand(["savings", log.path, "--format", "json"], in: Self.root)
        #expect(result.code == 0, "\(result.errors)")
        let json = try JSONDocument(Array(result.output.utf8)).root
        #expect(json["routed"]?["requests"]?.integer == 6)
        #expect(json["before"]?["models"]?["openai/gpt-6-astra"]?["requests"]?.integer == 5)
        #expect(json["stand_ins"]?.integer == 1)
        #expect(json["left_out"]?.integer == 1)
        let fault = try #require(json["first_fault"]?.string)
        #expect(fault.hasPrefix("line 6:"))
        let before = try #require(json["before"]?["predicted_cost_usd"]?.double)
        let routed = try #require(json["routed"]?["predicted_cost_usd"]?.double)
        #expect(before > 0)
        #expect(try #require(json["saved_share"]?.double) == 1 - routed / before)

        let pinned = try HeraCommand(
            ["savings", log.path, "--policy", #"{"models": {"allow": ["openai/gpt-6-astra"]}}"#], in: Self.root)
        #expect(pinned.code == 0, "\(pinned.errors)")
        #expect(pinned.output.contains("together with hera"))
        #expect(pinned.output.contains("Left out: 1 of the lines; the first is line 6"))
    }

    @Test(
        "invalid usage is reported with its own exit code",
        arguments: [
            (["--model", "openai/gpt-6-astra"], Int32(64), "hera/POLICY"),
            (["--policy", "{"], 65, "not valid JSON"), (["--policy", #"{"kapa": 1}"#], 65, "kapa"),
            (["--policy", "absent.yaml"], 66, "absent.yaml"), (["--live", "--catalog", "absent"], 66, "absent"),
        ])
    func wrong(options: [String], code: Int32, message: String) throws {
        let log = try file([#"{"messages":[{"role":"user","content":"hi"}]}"#])
        defer { try? FileManager.default.removeItem(at: log) }
        let result = try HeraCommand(["savings", log.path] + options, in: Self.root)
        #expect(result.code == code)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test("recorded rows go through the rule under a policy, and the figures are the recorded ones")
    func evaluate() throws {
        let rows = try file(
            (0..<20).map { index in
                #"{"id":"r\#(index)","suite":"overruling","split":"validation","prompt":"Is case \#(index) overruled?","#
                    + #""outcomes":{"gpt-4":{"score":1,"cost_usd":0.008},"medium":{"score":0.5,"cost_usd":0.0005}}}"#
            })
        defer { try? FileManager.default.removeItem(at: rows) }
        for (allowed, cost, accuracy) in [("medium", 0.0005, 0.5), ("gpt-4", 0.008, 1)] {
            let result = try HeraCommand(
                [
                    "evaluate", "--outcomes", rows.path, "--format", "json", "--policy",
                    #"{"models": {"allow": ["\#(allowed)"]}}"#,
                ], in: Self.root)
            #expect(result.code == 0, "\(result.errors)")
            let suites = try #require(try JSONDocument(Array(result.output.utf8)).root["suites"])
            let suite = suites.elements.first { _ in true }
            let rule = try #require(suite?["rule"])
            #expect(abs(try #require(rule["cost_usd"]?.double) - cost) < 1e-12)
            #expect(abs(try #require(rule["accuracy"]?.double) - accuracy) < 1e-12)
            #expect(rule["models"]?[allowed]?.double == 1)
            #expect(rule["refused"]?.integer == 0)
        }
        let wrong = try HeraCommand(["evaluate", "--outcomes", rows.path, "--policy", "{"], in: Self.root)
        #expect(wrong.code == 65)
        #expect(wrong.errors.contains("--policy"))
    }
}
