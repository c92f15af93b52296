import Domain
import Foundation
import JSON
import Ledger
import ScriptedUpstream
import TestSupport

/// `hera batch` as a child process on a scripted server with two models, one ten times as dear as the other.
struct BatchProcess {
    let folder: URL

    /// Whether the server has OpenAI's batch interface and the settings permit it.
    private let hasBatchTier: Bool

    /// Creates a folder with a catalog of `test/small` and `test/large` at a server.
    ///
    /// - Parameter batchTier: the maximum of rows per provider batch, at 0.4 of the price; nil without a batch
    ///   interface.
    init(modelsAt baseURL: String, batchTier: Int? = nil) throws {
        hasBatchTier = batchTier != nil
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("hera-batch-\(UUID())")
        let catalog = folder.appendingPathComponent("Catalog")
        try FileManager.default.createDirectory(at: catalog, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("None"), withIntermediateDirectories: true)
        let models = [("small", "small", 1, 2), ("large", "frontier", 10, 20)].map { name, tier, input, output in
            """
              - id: test/\(name)
                provider: test
                base_url: \(baseURL)
                wire: openai
                placement: cloud
                upstream_name: test/\(name)
                tier: \(tier)
                context: 4096
                max_output: 64
                capabilities: [tools, streaming]
            """
                + (batchTier == nil
                    ? "\n    prices: {input: \(input), output: \(output), source: test, as_of: 2026-11-01}"
                    : """

                        key_variable: TEST_KEY
                        batch_api: openai
                        prices:
                          input: \(input)
                          output: \(output)
                          batch: {input: \(Double(input) * 0.4), output: \(Double(output) * 0.4)}
                          source: test
                          as_of: 2026-11-01
                    """)
        }
        if let batchTier {
            try """
            default_policy: {service_tiers: [standard, batch]}
            limits: {provider_poll_s: 0.05, provider_rows: \(batchTier)}
            """.write(to: folder.appendingPathComponent("hera.yaml"), atomically: true, encoding: .utf8)
        }
        try ("models:\n" + models.joined(separator: "\n")).write(
            to: catalog.appendingPathComponent("test.yaml"), atomically: true, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Writes rows `row-1` ... `row-N`, each with a text that contains its name.
    func write(rows: ClosedRange<Int>, to name: String = "in.jsonl", extra: String = "") throws {
        let lines = rows.map { Self.line("row-\($0)", text: "say <row-\($0)>") }
        try (lines.joined(separator: "\n") + "\n" + extra).write(
            to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }

    static func line(_ id: String, text: String) -> String {
        #"{"custom_id":"\#(id)","method":"POST","url":"/v1/chat/completions","body":{"model":"hera","max_tokens":16,"#
            + #""messages":[{"role":"user","content":"\#(text)"}]}}"#
    }

    /// Starts `hera batch in.jsonl --out out.jsonl` with further options.
    ///
    /// - Parameter stdin: a file in the folder for standard input.
    func start(_ options: [String], input: String = "in.jsonl", stdin: String? = nil) throws -> Process {
        let process = Process()
        process.executableURL = try HeraProcess.binary()
        process.currentDirectoryURL = folder
        process.arguments =
            [
                "batch", input, "--out", "out.jsonl", "--catalog", "Catalog", "--profiles", "None", "--database",
                "sqlite:hera.sqlite",
            ] + (hasBatchTier ? ["--config", "hera.yaml"] : []) + options
        if hasBatchTier {
            process.environment = ProcessInfo.processInfo.environment.merging(["TEST_KEY": "secret-of-tests"]) { $1 }
        }
        if let stdin {
            process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent(stdin))
        }
        process.standardOutput = try output("stdout")
        process.standardError = try output("stderr")
        try process.run()
        return process
    }

    /// Starts it, waits for its end and returns the exit code.
    func run(_ options: [String], input: String = "in.jsonl", stdin: String? = nil) throws -> Int32 {
        let process = try start(options, input: input, stdin: stdin)
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func output(_ name: String) throws -> FileHandle {
        let url = folder.appendingPathComponent(name)
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        return try FileHandle(forWritingTo: url)
    }

    func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }

    /// The lines of a JSON Lines file.
    func lines(_ name: String) throws -> [JSONValue] {
        try text(name).split(separator: "\n").map { try JSONDocument(Array($0.utf8)).root }
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }

    /// Opens the ledger as another process would, after settling a dead process's reservations.
    func ledger<Value>(_ body: (LedgerStore) async throws -> Value) async throws -> Value {
        let ledger = try LedgerStore.sqlite(path: folder.appendingPathComponent("hera.sqlite").path)
        _ = try await ledger.recover(at: .now())
        let value = try await body(ledger)
        await ledger.close()
        return value
    }
}
