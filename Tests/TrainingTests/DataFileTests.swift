import Foundation
import Testing

@testable import Domain
@testable import Estimation
@testable import Training

@Suite struct DataFileTests {
    private let line =
        #"{"id":"1","suite":"s","prompt":"p","tools":[{"name":"f"}],"outcomes":{"m":{"score":1,"cost_usd":0.5}},"split":"train"}"#

    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "hera-data-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    /// `{"id":"1",...}` and a newline, as gzip wrote it.
    private func gzip(_ text: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-c"]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(data)
    }

    @Test("what went before a step is read with it, its newest part where it is long; other rows begin a run")
    func history() throws {
        let long = String(repeating: "a", count: 5000) + "z"
        let rows = [line, line.dropLast() + #","history":"24"}"#, line.dropLast() + #","history":"\#(long)"}"#]
        try withFile(Array(rows.joined(separator: "\n").utf8)) { path in
            let found = try OutcomeRow.read(path).map(\.text.history)
            #expect(found[0] == "")
            #expect(found[1] == "24")
            #expect(found[2] == long.suffix(4000))
        }
    }

    @Test("rows are read alike from a plain file and from gzip")
    func plainAndGzip() throws {
        for bytes in [Array((line + "\n\n" + line).utf8), try gzip(line + "\n" + line + "\n")] {
            try withFile(bytes) { path in
                let rows = try OutcomeRow.read(path)
                #expect(rows.count == 2)
                #expect(rows[0].text == StepText(prompt: "p", tools: #"[{"name":"f"}]"#))
                #expect(rows[0].outcomes["m"]?.costUSD == 0.5)
                #expect(rows[0].dataset == "s")
            }
        }
    }

    @Test("a gzip file that is cut short is an error, not fewer rows")
    func cut() throws {
        let whole = try gzip(String(repeating: line + "\n", count: 2000))
        try withFile(Array(whole[..<(whole.count / 2)])) { path in
            #expect(throws: EstimationError.self) { try OutcomeRow.read(path) }
        }
    }

    @Test("a bad line is an error that names file, line and what is missing")
    func badLine() throws {
        try withFile(Array((line + "\n" + #"{"id":"2","suite":"s","outcomes":{}}"#).utf8)) { path in
            #expect(throws: EstimationError.badRow(path: path, line: 2, reason: "no `prompt`")) {
                try OutcomeRow.read(path)
            }
        }
        try withFile(Array("{nonsense".utf8)) { path in
            #expect(throws: EstimationError.badRow(path: path, line: 1, reason: "not a JSON object")) {
                try OutcomeRow.read(path)
            }
        }
    }

    @Test("a missing file is an error with its path")
    func missing() {
        #expect(throws: EstimationError.self) { try OutcomeRow.read("/nowhere/x.jsonl") }
    }
}
