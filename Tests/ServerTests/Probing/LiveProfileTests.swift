import Domain
import Foundation
import ScriptedUpstream
import TestSupport
import Testing

@Suite struct LiveProfileTests {
    private struct Ending {
        let status: Int32
        let output: String
        let errors: String
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Runs `hera profile` of the scripted model's eight probes to its end.
    private func profile(_ folder: URL, _ options: [String]) throws -> Ending {
        let process = Process()
        process.executableURL = try binary()
        process.currentDirectoryURL = folder
        process.arguments =
            [
                "profile", "test/small", "--live", "--probes", "8", "--catalog", "Catalog", "--suite", "probes.jsonl",
                "--profiles", Self.root.appendingPathComponent("Profiles").path, "--out", "out",
            ] + options
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let errorOutput = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Ending(
            status: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
            errors: String(decoding: errorOutput, as: UTF8.self))
    }

    /// The executable next to the test bundle, or in the default build directory.
    private func binary() throws -> URL {
        let buildFolder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let places = [buildFolder, Self.root.appendingPathComponent(".build/debug")].map {
            $0.appendingPathComponent("hera")
        }
        return try #require(places.first { FileManager.default.isExecutableFile(atPath: $0.path) })
    }

    private func folder(_ models: ScriptedUpstream) throws -> URL {
        let folder = try HeraProcess.folder(modelsAt: models.baseURL)
        let probes = (0..<8).map { index in
            #"{"id": "p\#(index)", "kind": "sums", "level": 2, "prompt": "What is \#(38 + index) + 2?", "#
                + #""grader": {"type": "number"}, "answer": "\#(40 + index)"}"#
        }
        try probes.joined(separator: "\n").write(
            to: folder.appendingPathComponent("probes.jsonl"), atomically: true, encoding: .utf8)
        return folder
    }

    @Test("a live model is probed once, booked and graded, and a second run makes no calls")
    func asksOnce() async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET"
                ? .models(["test/small"])
                : .stream(["It is ", "42"], usage: ScriptedUsage(promptTokens: 10, completionTokens: 5))
        } _: { models in
            let folder = try folder(models)
            defer { try? FileManager.default.removeItem(at: folder) }
            let first = try profile(folder, ["--budget", "1"])
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("1 of 8 probes right"))
            #expect(first.output.contains("put `profile: small` into the entry of test/small"))
            func asked() -> Int { models.record.requests.count { $0.method == "POST" } }
            #expect(asked() == 8)
            #expect(
                models.record.requests.allSatisfy { $0.method == "GET" || $0.bodyText.contains(#""temperature":0"#) })
            // 8 calls of 10 tokens at 1 and 5 at 2 USD per million.
            #expect(first.output.contains("40 output tokens, $0.000160 booked"))
            let file = folder.appendingPathComponent("out/model-small.profile")
            let written = try Data(contentsOf: file)
            let second = try profile(folder, ["--budget", "0"])
            #expect(second.status == 0, "\(second.errors)")
            #expect(asked() == 8)
            #expect(try Data(contentsOf: file) == written)
        }
    }

    @Test("a budget that cannot cover the next call stops the probes with a hint")
    func budget() async throws {
        try await ScriptedUpstream.with { request in
            request.method == "GET"
                ? .models(["test/small"]) : .stream(["42"], usage: ScriptedUsage(promptTokens: 10, completionTokens: 5))
        } _: { models in
            let folder = try folder(models)
            defer { try? FileManager.default.removeItem(at: folder) }
            let ending = try profile(folder, ["--budget", "0.000001"])
            #expect(ending.status == 75)
            #expect(ending.errors.contains("0 of 8 asked"))
            #expect(ending.errors.contains("--budget"))
            #expect(models.record.requests.allSatisfy { $0.method == "GET" })
        }
    }
}
